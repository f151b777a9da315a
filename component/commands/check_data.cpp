// torchport check-data
#include <ostream>

#include "datasets/doctor/examine.h"
#include "datasets/doctor/report.h"
#include "runtime/cli/call.h"
#include "runtime/launch/processing_units.h"
#include "runtime/report/log.h"

namespace torchport::component {
namespace {

constexpr std::size_t kMostShown = 20;  ///< of each kind, for people
constexpr int kProblems = 5;            ///< exit status: "a dataset cannot be used" as it is

}  // namespace

int check_data(runtime::Call& call) {
  call.subject = call.spec.name;
  const runtime::Arguments given = call.arguments();
  std::vector<datasets::ImageDirectory> opened;
  runtime::Problems problems;
  problems.collect([&] { opened.push_back(datasets::ImageDirectory::open(given.operands[0], "dataset")); });
  if (given.has("against"))
    problems.collect([&] { opened.push_back(datasets::ImageDirectory::open(given.get<std::string>("against"), "other dataset")); });
  problems.throw_if_any();
  const auto thin = static_cast<std::size_t>(given.get<std::int64_t>("thin"));
  runtime::Log terminal({.file = {}, .console = false, .progress_bar = call.host.terminal_width > 0});
  const datasets::Diagnosis diagnosis = datasets::examine(opened, {thin, runtime::processing_units(), &terminal});
  call.host.out << (given.get<bool>("json") ? diagnosis_json(diagnosis) : diagnosis_text(diagnosis, kMostShown));
  return diagnosis.findings.empty() ? 0 : kProblems;
}

}  // namespace torchport::component
