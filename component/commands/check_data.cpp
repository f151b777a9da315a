#include "component/commands/check_data.h"

#include "datasets/doctor/examine.h"
#include "runtime/cli/options.h"
#include "runtime/error/error.h"
#include "runtime/launch/processing_units.h"

namespace torchport::component {
namespace {

using runtime::Error;

constexpr const char* kCommand = "check-data";
constexpr std::size_t kMostShown = 20;  ///< of each kind, for people
constexpr int kProblems = 5;            ///< exit status: "a dataset cannot be used" as it is

struct Request {
  std::vector<std::string> folders;  ///< one, or with --against two
  datasets::ExamineOptions options;
  bool json = false;
};

std::size_t number(const std::string& text) {
  std::size_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc() && end == text.data() + text.size()) return value;
  throw Error("ParameterParsing.not_an_integer", {{"flag", "thin"}, {"value", text}, {"range", ">= 0"}, {"default", "10"}});
}

Request read(const std::vector<std::string>& words) {
  const runtime::Options given = runtime::parse_options(kCommand, words, {"--against", "--thin"}, {"--json"});
  Request request{given.operands, {}, given.has("--json")};
  runtime::Problems problems;
  if (request.folders.empty()) problems.add(Error("ParameterParsing.no_operand", {{"command", kCommand}, {"operand", "DIR"}}));
  if (request.folders.size() > 1) problems.add(Error("ParameterParsing.positional", {{"value", request.folders[1]}}));
  if (given.all("--against").size() > 1) problems.add(Error("ParameterParsing.given_twice", {{"flag", "against"}}));
  if (given.has("--thin")) problems.collect([&] { request.options.thin = number(given.last("--thin", "")); });
  problems.throw_if_any();
  if (given.has("--against")) request.folders.push_back(given.last("--against", ""));
  return request;
}

}  // namespace

CommandResult check_data(const std::vector<std::string>& words) {
  Request request = read(words);
  request.options.threads = runtime::processing_units();
  std::vector<datasets::ImageDirectory> opened;
  runtime::Problems problems;
  const char* what = "dataset";
  for (const std::string& folder : request.folders) {
    problems.collect([&] { opened.push_back(datasets::ImageDirectory::open(folder, what)); });
    what = "other dataset";
  }
  problems.throw_if_any();
  const datasets::Diagnosis diagnosis = datasets::examine(opened, request.options);
  return {diagnosis.findings.empty() ? 0 : kProblems,
          request.json ? diagnosis_json(diagnosis) : diagnosis_text(diagnosis, kMostShown)};
}

}  // namespace torchport::component
