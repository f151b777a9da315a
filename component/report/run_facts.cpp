#include "component/report/run_facts.h"

#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/report/run_account.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::map_of;
using runtime::text_of;

constexpr std::size_t kRecordLimit = std::size_t{16} << 20, kMetricsLimit = std::size_t{64} << 20;
constexpr std::size_t kShownLogs = 16;

void read_metrics(RunFacts& run, const fs::path& file) {
  std::string text;
  try {
    text = runtime::read_file(file, kMetricsLimit);
  } catch (const std::runtime_error&) {  // a component without metrics, or none yet
    return;
  }
  for (const std::string& line : runtime::split(text, '\n')) {
    if (line.empty()) continue;
    try {
      const nlohmann::json event = parse_python_json(line);
      if (text_of(event, "kind") == "log_row") run.metrics[text_of(event, "name")].push_back(map_of(event, "row"));
    } catch (const std::runtime_error&) {  // half a line of a run that was killed
      ++run.unread_metrics;
    }
  }
}

}  // namespace

nlohmann::json read_run_record(const fs::path& folder, const std::string& attempt) {
  try {
    nlohmann::json value = runtime::parse_json(runtime::read_file(folder / ("run.json" + attempt), kRecordLimit));
    return value.is_object() ? value : nlohmann::json::object();
  } catch (const std::runtime_error&) {  // the run did not come so far
    return nlohmann::json::object();
  }
}

nlohmann::json parse_python_json(std::string text) {
  for (const std::string_view word : {": NaN", ": -Infinity", ": Infinity"})
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at)) text.replace(at, word.size(), ": null");
  return runtime::parse_json(text);
}

std::string RunFacts::component() const {
  const std::string recorded = text_of(record, "component");
  return recorded.empty() ? text_of(step, "component") : recorded;
}

fs::path RunFacts::output(const std::string& port) const {
  std::error_code ignored;
  if (folder.empty()) return {};
  const fs::path beside = folder / "outputs" / port;  // as a pipeline lays them
  if (fs::is_directory(beside, ignored)) return beside;
  const fs::path recorded = text_of(map_of(map_of(record, "outputs"), port), "path");
  return !recorded.empty() && fs::is_directory(recorded, ignored) ? recorded : fs::path();
}

RunFacts read_run_facts(const fs::path& folder, const std::string& name, nlohmann::json step, ReadLogs logs) {
  RunFacts run;
  run.folder = folder;
  run.step = std::move(step);
  run.state = text_of(run.step, "state");
  run.name = name;
  if (folder.empty()) return run;  // a step that has not begun
  run.record = read_run_record(folder);
  if (name.empty()) run.name = run.component();
  if (run.state.empty()) run.state = text_of(run.record, "state");
  read_metrics(run, folder / "metrics.jsonl");
  if (logs == ReadLogs::no) return run;
  run.logs = read_run_logs(folder, kShownLogs);
  if (run.state == "failed" || run.state == "stopped") run.trouble = runtime::run_account(folder);
  return run;
}

RunFacts read_earlier_facts(const fs::path& folder, const std::string& attempt) {
  RunFacts run;
  run.name = attempt;
  run.folder = folder;
  run.record = read_run_record(folder, attempt);
  run.state = text_of(run.record, "state");
  if (run.state == "running") run.state = "lost";  // another attempt has come after it
  read_metrics(run, folder / ("metrics.jsonl" + attempt));
  return run;
}

}  // namespace torchport::component
