#include "runtime/pipeline/run_folders.h"

#include <map>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/report/run_account.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// The steps of a pipeline's run that lie in its folder: those that were reused belong to another run.
std::vector<RunFolder> steps_of(const fs::path& folder) {
  const nlohmann::json record = read_record(folder);
  std::map<std::int64_t, RunFolder> sorted;
  for (const auto& [step, one] : map_of(record, "steps").items()) {
    const auto position = one.find("position");
    if (!one.is_object() || position == one.end() || !position->is_number_integer()) continue;
    try {
      const fs::path path = resolve_inside(folder, step);
      if (text_of(one, "state") != "reused" && is_run_folder(path))
        sorted[position->get<std::int64_t>()] = {path, step, text_of(one, "state")};
    } catch (const std::runtime_error&) {  // it has not come to this step
    }
  }
  std::vector<RunFolder> steps;
  for (const auto& [position, step] : sorted) steps.push_back(step);
  return steps;
}

}  // namespace

std::vector<RunFolder> run_folders(const std::string& run, const fs::path& runs) {
  for (const fs::path& folder : {fs::path(run), runs / run}) {
    std::error_code ignored;
    if (fs::exists(folder / "pipeline.json", ignored)) {
      try {
        return steps_of(folder);
      } catch (const std::runtime_error&) {  // no record of ours
      }
    }
    if (is_run_folder(folder)) return {{folder, "", ""}};
  }
  throw Error("ParameterParsing.no_run", {{"path", run}});
}

bool pipeline_runs(const std::string& run, const fs::path& runs) {
  for (const fs::path& named : {fs::path(run), runs / run}) {
    try {
      const fs::path folder = fs::canonical(named);
      return state_of({folder.filename().string(), read_record(folder)}, folder.parent_path()) == "running";
    } catch (const std::exception&) {  // no record of a pipeline
    }
  }
  return false;
}

}  // namespace torchport::runtime
