#include "component/runs/run_summary.h"

#include <algorithm>

#include "runtime/error/error.h"
#include "runtime/launch/run_dir.h"
#include "runtime/launch/run_files.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run.h"
#include "runtime/report/run_record.h"
#include "runtime/text/format.h"
#include "runtime/text/utc.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::map_of;
using runtime::text_of;

std::optional<double> number_of(const nlohmann::json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

/// The rows of a metric, by epoch.
std::map<double, double> by_epoch(const RunFacts& run, const char* metric, const char* column) {
  std::map<double, double> values;
  const auto rows = run.metrics.find(metric);
  if (rows == run.metrics.end()) return values;
  for (const nlohmann::json& row : rows->second) {
    const auto epoch = number_of(row, "epoch"), value = number_of(row, column);
    if (epoch && value) values[*epoch] = *value;
  }
  return values;
}

void add_component(RunSummary& summary, const RunFacts& run) {
  summary.what = run.component();
  summary.started = text_of(run.record, "started");
  summary.seconds = runtime::seconds_between(summary.started, text_of(run.record, "ended"));
}

RunSummary earlier_summary(const fs::path& folder, const std::string& attempt) {
  const RunFacts run = read_earlier_facts(folder, attempt);
  RunSummary summary;
  summary.folder = folder;
  summary.attempt = attempt;
  summary.state = run.state;
  add_component(summary, run);
  std::tie(summary.top1, summary.loss) = figures_of(run);
  return summary;
}

bool is_younger(const RunSummary& a, const RunSummary& b) {
  return std::tie(b.started, b.folder, b.attempt) < std::tie(a.started, a.folder, a.attempt);
}

}  // namespace

std::pair<std::optional<double>, std::optional<double>> figures_of(const RunFacts& run) {
  if (const auto rows = run.metrics.find("Evaluation"); rows != run.metrics.end() && !rows->second.empty())
    return {number_of(rows->second.back(), "accuracy"), number_of(rows->second.back(), "log_loss")};
  const auto top1 = by_epoch(run, "Top-1 validation accuracy", "top1_acc"), loss = by_epoch(run, "Valid loss", "valid_loss");
  if (top1.empty()) return {};
  const auto best = std::max_element(top1.begin(), top1.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const double epoch = number_of(map_of(run.record, "result"), "kept_epoch").value_or(best->first);
  const auto found = top1.find(epoch), beside = loss.find(epoch);
  return {found == top1.end() ? std::nullopt : std::optional(found->second),
          beside == loss.end() ? std::nullopt : std::optional(beside->second)};
}

RunSummary summary_of(const ReportFacts& facts) {
  RunSummary summary;
  summary.folder = facts.folder;
  summary.state = facts.state;
  if (facts.is_pipeline()) {
    summary.what = "pipeline";
    summary.started = text_of(facts.pipeline, "started");
    summary.seconds = number_of(facts.pipeline, "seconds");
    summary.steps = facts.runs.size();
    for (const RunFacts& step : facts.runs) summary.finished_steps += step.state == "done" || step.state == "reused";
  } else {
    add_component(summary, facts.runs.front());
    if (runtime::has_died(facts.runs.front().record)) summary.state = "lost";
    for (const std::string& attempt : runtime::earlier_attempts(facts.folder))
      summary.earlier.push_back(earlier_summary(facts.folder, attempt));
    std::sort(summary.earlier.begin(), summary.earlier.end(), is_younger);
  }
  const auto evaluated = [](const RunFacts& run) { return run.metrics.count("Evaluation") > 0; };
  const auto evaluation = std::find_if(facts.runs.rbegin(), facts.runs.rend(), evaluated);
  if (evaluation != facts.runs.rend()) {
    std::tie(summary.top1, summary.loss) = figures_of(*evaluation);
  } else {
    for (const RunFacts& run : facts.runs)
      if (const auto figures = figures_of(run); figures.first) std::tie(summary.top1, summary.loss) = figures;
  }
  return summary;
}

RunSummary summary_of(const fs::path& folder) { return summary_of(read_report_facts(folder, ReadLogs::no)); }

std::vector<RunSummary> summaries_in(const fs::path& runs) {
  std::vector<RunSummary> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(runs, ignored), end; entry != end; entry.increment(ignored)) {
    if (runtime::is_latest(entry->path())) continue;
    try {
      found.push_back(summary_of(entry->path()));
    } catch (const runtime::Error&) {  // another folder
    }
  }
  std::sort(found.begin(), found.end(), is_younger);
  return found;
}

nlohmann::ordered_json json_of(const RunSummary& summary) {
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
  };
  const auto number = [](std::optional<double> value) { return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(); };
  nlohmann::ordered_json all = {
      {"run", summary.name()},         {"folder", summary.folder.string()}, {"what", text(summary.what)},
      {"state", text(summary.state)},  {"started", text(summary.started)},  {"seconds", number(summary.seconds)},
      {"top_1", number(summary.top1)}, {"loss", number(summary.loss)}};
  if (summary.what == "pipeline") {
    all["steps"] = {{"finished", summary.finished_steps}, {"all", summary.steps}};
    return all;
  }
  all["earlier"] = nlohmann::ordered_json::array();
  for (const RunSummary& one : summary.earlier)
    all["earlier"].push_back({{"record", one.record().string()},
                              {"state", text(one.state)},
                              {"started", text(one.started)},
                              {"seconds", number(one.seconds)},
                              {"top_1", number(one.top1)},
                              {"loss", number(one.loss)}});
  return all;
}

std::string figure_text(std::optional<double> value) { return value ? runtime::formatted("%.4f", *value) : "-"; }

std::string time_text(std::optional<double> seconds) { return seconds ? runtime::duration_text(*seconds) : "-"; }

}  // namespace torchport::component
