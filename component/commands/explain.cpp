// torchport explain: an error by its name, or what became of a run.
#include <nlohmann/json.hpp>
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/error_text.h"
#include "runtime/pipeline/run_folders.h"
#include "runtime/report/run_account.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

std::string accounts_json(const std::string& run, const fs::path& runs) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const runtime::RunFolder& one : runtime::run_folders(run, runs))
    all.push_back(
        {{"step", one.step}, {"state", one.state}, {"folder", one.path.string()}, {"account", runtime::run_account(one.path)}});
  return runtime::json_text(all);
}

/// Of a pipeline's run the steps that did not end well, or else that all did.
std::string account_of(const std::string& run, const fs::path& runs) {
  const auto folders = runtime::run_folders(run, runs);
  std::string text;
  for (const runtime::RunFolder& one : folders)
    if (one.state != "done")
      text += (one.step.empty() ? "" : "step " + runtime::visible(one.step) + ": ") + runtime::run_account(one.path);
  return text.empty() ? "Nothing failed in " + std::to_string(folders.size()) + " steps.\n" : text;
}

}  // namespace

int explain(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const std::string word = given.operands.empty() ? "" : given.operands.front();
  const fs::path runs = given.get<std::string>("runs");
  std::error_code ignored;
  const bool is_run =
      !word.empty() && (word.find('/') != word.npos || fs::is_directory(word, ignored) || fs::is_directory(runs / word, ignored));
  if (given.get<bool>("json")) {
    call.host.out << (word.empty() ? runtime::errors_json() : is_run ? accounts_json(word, runs) : runtime::error_json(word));
  } else {
    call.host.out << (word.empty() ? runtime::errors_text() : is_run ? account_of(word, runs) : runtime::error_text(word));
  }
  return 0;
}

}  // namespace torchport::component
