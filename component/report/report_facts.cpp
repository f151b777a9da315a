#include "component/report/report_facts.h"

#include <map>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/report/run_account.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::map_of;
using runtime::text_of;

bool is_pipeline_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "pipeline.json", ignored);
}

/// The folder of a step: its own, or, reused, that of the run that made its outputs. "" where there is none.
fs::path folder_of_step(const fs::path& run, const nlohmann::json& step) {
  try {
    return runtime::resolve_inside(run.parent_path(), text_of(step, "folder"));
  } catch (const std::runtime_error&) {  // a record from elsewhere, or one that has lost its folder
    return {};
  }
}

void read_steps(ReportFacts& facts, ReadLogs logs) {
  std::map<std::int64_t, std::pair<std::string, const nlohmann::json*>> sorted;
  for (const auto& [name, step] : map_of(facts.pipeline, "steps").items()) {
    const auto position = step.is_object() ? step.find("position") : step.end();
    if (step.is_object() && position != step.end() && position->is_number_integer())
      sorted[position->get<std::int64_t>()] = {name, &step};
  }
  for (const auto& [position, one] : sorted) {
    const auto& [name, step] = one;
    const fs::path folder = text_of(*step, "folder").empty() ? fs::path() : folder_of_step(facts.folder, *step);
    facts.runs.push_back(read_run_facts(folder, name, *step, logs));
  }
}

}  // namespace

fs::path folder_of_run(const std::string& run, const fs::path& runs) {
  std::error_code fault;
  for (const fs::path& folder : {fs::path(run), runs / run})
    if (is_pipeline_run(folder) || runtime::is_run_folder(folder))
      if (const fs::path whole = fs::canonical(folder, fault); !fault) return whole;
  throw runtime::Error("ParameterParsing.no_run", {{"path", run}});
}

ReportFacts read_report_facts(const fs::path& folder, ReadLogs logs) {
  ReportFacts facts;
  std::error_code fault;
  facts.folder = fs::canonical(folder, fault);
  if (fault) throw runtime::Error("ParameterParsing.no_run", {{"path", folder.string()}});
  if (is_pipeline_run(facts.folder)) {
    try {
      facts.pipeline = runtime::read_record(facts.folder);
    } catch (const std::exception&) {
      throw runtime::Error("ParameterParsing.no_run", {{"path", folder.string()}});
    }
    facts.title = text_of(facts.pipeline, "pipeline");
    facts.state = runtime::state_of({facts.folder.filename().string(), facts.pipeline}, facts.folder.parent_path());
    read_steps(facts, logs);
    return facts;
  }
  if (!runtime::is_run_folder(facts.folder)) throw runtime::Error("ParameterParsing.no_run", {{"path", folder.string()}});
  facts.runs.push_back(read_run_facts(facts.folder, "", nlohmann::json::object(), logs));
  facts.title = facts.runs.front().name.empty() ? facts.folder.filename().string() : facts.runs.front().name;
  facts.state = facts.runs.front().state;
  return facts;
}

}  // namespace torchport::component
