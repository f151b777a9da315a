#include "component/runs/run_removal.h"

#include <algorithm>

#include "component/report/report_facts.h"
#include "component/runs/run_summary.h"
#include "runtime/error/error.h"
#include "runtime/launch/run_dir.h"
#include "runtime/pipeline/history.h"
#include "runtime/report/run_account.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void no_run(const fs::path& path) { throw runtime::Error("ParameterParsing.no_run", {{"path", path.string()}}); }

/// A folder of logs may be anybody's: one that is removed has a record of ours.
bool is_ours(const fs::path& folder) {
  try {
    const ReportFacts facts = read_report_facts(folder, ReadLogs::no);
    return facts.is_pipeline() ? !facts.title.empty() : !facts.runs.front().component().empty();
  } catch (const runtime::Error&) {
    return false;
  }
}

std::string size_text(double bytes) {
  for (const char* const unit : {"B", "kB", "MB", "GB"}) {
    if (bytes < 999.5) return runtime::formatted("%.0f %s", bytes, unit);
    bytes /= 1000;
  }
  return runtime::formatted("%.1f TB", bytes);
}

/// The runs in `runs` that have a link to a step of this one.
std::vector<std::string> users_of(const std::string& name, const fs::path& runs) {
  std::vector<std::string> users;
  const runtime::History history(runs);
  for (const runtime::PastRun& other : history.runs()) {
    const auto& steps = runtime::map_of(other.record, "steps");
    const bool uses = other.folder != name && std::any_of(steps.begin(), steps.end(), [&](const auto& step) {
                        return runtime::text_of(step, "folder").starts_with(name + "/");
                      });
    if (uses) users.push_back(other.folder);
  }
  std::sort(users.begin(), users.end());
  return users;
}

}  // namespace

Removal removal_of(const std::string& name, const fs::path& runs) {
  std::error_code fault;
  const fs::path there = fs::canonical(runs, fault);
  if (fault) no_run(runs / name);
  const bool is_path = fs::path(name).has_parent_path();
  const fs::path folder = fs::canonical(is_path ? fs::path(name) : runs / name, fault);
  if (fault || folder.parent_path() != there || !is_ours(folder)) no_run(is_path ? fs::path(name) : runs / name);
  const std::string state = summary_of(folder).state;
  if (state == "running") throw runtime::Error("FailedToCompleteOperation.run_lives", {{"path", folder.string()}});
  Removal removal{folder, 0, 0, users_of(folder.filename().string(), there)};
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, fault), end;
       entry != end && !fault; entry.increment(fault)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored)) continue;
    ++removal.files;
    const std::uintmax_t bytes = entry->file_size(ignored);
    if (!ignored) removal.bytes += bytes;
  }
  return removal;
}

void remove_run(const Removal& removal) {
  std::error_code fault;
  const fs::path link = removal.folder.parent_path() / runtime::kLatest;
  const bool is_latest = fs::is_symlink(link, fault) && fs::read_symlink(link, fault) == removal.folder.filename();
  fs::remove_all(removal.folder, fault);
  if (fault) throw runtime::Error("FailedToWriteOutputs.file", {{"path", removal.folder.string()}, {"reason", fault.message()}});
  if (is_latest) fs::remove(link, fault);
}

std::string removal_text(const Removal& removal) {
  std::string text = runtime::visible(removal.folder.string()) + ": " + size_text(static_cast<double>(removal.bytes)) + " in " +
                     std::to_string(removal.files) + (removal.files == 1 ? " file" : " files");
  if (!removal.users.empty())
    text +=
        "; steps of it are reused by " + runtime::visible(runtime::join(removal.users, ", ")) + ", which will not have them then";
  return text;
}

}  // namespace torchport::component
