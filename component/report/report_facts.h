// All that a report is made of: one run of a component, or a pipeline's with its steps. Read by the report of a run, and by the
// list of runs.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component/report/run_facts.h"

namespace torchport::component {

struct ReportFacts {
  std::filesystem::path folder;  ///< absolute
  std::string title, state;
  nlohmann::json pipeline;     ///< pipeline.json, or null
  std::vector<RunFacts> runs;  ///< of a component its own; of a pipeline all that came to run, in their order, reused ones too
  bool is_pipeline() const { return !pipeline.is_null(); }
};

/// `run` is a folder, or the name of one in the folder `runs`. \throws Error ParameterParsing.no_run
std::filesystem::path folder_of_run(const std::string& run, const std::filesystem::path& runs);

/// \throws Error ParameterParsing.no_run
ReportFacts read_report_facts(const std::filesystem::path& folder, ReadLogs logs = ReadLogs::yes);

}  // namespace torchport::component
