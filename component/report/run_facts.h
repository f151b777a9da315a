// What a run's folder tells of it: its record, its metrics, its logs. Read for the report; whatever is not there is empty, for a
// run may have ended anywhere.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component/report/run_logs.h"

namespace torchport::component {

/// A component's run.
struct RunFacts {
  std::string name;  ///< of the step, or of the component
  std::filesystem::path folder;
  nlohmann::json record = nlohmann::json::object();            ///< run.json
  nlohmann::json step = nlohmann::json::object();              ///< what pipeline.json says of it
  std::string state;                                           ///< "" where neither says
  std::string trouble;                                         ///< of a run that failed: what became of it, in lines
  std::map<std::string, std::vector<nlohmann::json>> metrics;  ///< the rows of metrics.jsonl, by name
  std::vector<RunLog> logs;
  std::size_t unread_metrics = 0;  ///< lines that are no metric of ours

  std::string component() const;
  /// The folder of an output that is there, or "".
  std::filesystem::path output(const std::string& port) const;
};

/// Whether logs, and the trouble that they tell of, are wanted: they may be long.
enum class ReadLogs { no, yes };

/// run.json of a run's folder, or of an earlier attempt in it (earlier_attempts()); empty where there is none, or none that can be
/// read.
nlohmann::json read_run_record(const std::filesystem::path& folder, const std::string& attempt = "");

/// `name`: of the step, "" for a run by itself.
RunFacts read_run_facts(const std::filesystem::path& folder, const std::string& name, nlohmann::json step, ReadLogs logs);

/// Of an attempt before the last one in the same folder: its record and metrics, whose names end with `attempt` (run_files.h).
RunFacts read_earlier_facts(const std::filesystem::path& folder, const std::string& attempt);

/// JSON of Python, in which numbers may be NaN and Infinity: null in what comes out. \throws std::runtime_error
nlohmann::json parse_python_json(std::string text);

}  // namespace torchport::component
