#include "component/estimate/report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "runtime/cli/table_text.h"
#include "runtime/text/format.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace {

// What every figure rests on, whatever the pipeline.
constexpr std::array<const char*, 4> kAssumptions = {
    "a step of the trial and of the run take the same time for each image; the machine is as busy then as now, and those of a "
    "compute are like it",
    "all epochs are trained, although patience may end the training earlier",
    "files are read as fast as in the trial, in which they may have lain in memory",
    "several nodes exchange gradients without waiting for each other; what is downloaded takes no time"};

using runtime::formatted;

std::string time_text(double seconds) {
  if (seconds < 60) return formatted("%.1f s", seconds);
  const auto minutes = static_cast<long long>(std::llround(seconds / 60));
  if (minutes < 60) return formatted("%lld min %lld s", static_cast<long long>(seconds) / 60, static_cast<long long>(seconds) % 60);
  if (minutes < 48 * 60) return formatted("%lld h %lld min", minutes / 60, minutes % 60);
  return formatted("%.1f days", seconds / 86400);
}

std::string size_text(double bytes) {
  for (const char* const unit : {"B", "kB", "MB", "GB"}) {
    if (bytes < 999.5) return formatted(bytes < 9.95 && *unit != 'B' ? "%.1f %s" : "%.0f %s", bytes, unit);
    bytes /= 1000;
  }
  return formatted("%.1f TB", bytes);
}

struct Total {
  double seconds = 0, memory = 0, disk = 0;
  bool whole = true;  ///< the seconds of all steps are known
};

Total total_of(const PipelineEstimate& estimate) {
  Total total;
  for (const StepEstimate& step : estimate.steps) {
    total.seconds += step.seconds.value_or(0);
    total.whole = total.whole && step.seconds;
    total.disk += step.disk;
    total.memory = std::max(total.memory, step.memory);  // one step runs at a time
  }
  return total;
}

}  // namespace

std::string estimate_text(const PipelineEstimate& estimate) {
  std::vector<std::vector<std::string>> rows = {{"STEP", "IMAGES", "TIME", "MEMORY", "DISK", "BASIS"}};
  for (const StepEstimate& step : estimate.steps) {
    const std::string images = step.images ? std::to_string(*step.images) : "-";
    if (step.reused) {
      rows.push_back({step.step, images, "0 s", "-", "0 B", step.basis});
    } else {
      rows.push_back({step.step, images, step.seconds ? time_text(*step.seconds) : "?", size_text(step.memory),
                      size_text(step.disk), step.basis});
    }
  }
  const Total total = total_of(estimate);
  rows.push_back({"total", "", (total.whole ? "" : "more than ") + time_text(total.seconds), size_text(total.memory),
                  size_text(total.disk), size_text(estimate.free_disk) + " are free where the runs go"});
  std::string text = runtime::table_text(rows) + "\nThe trial took " + time_text(estimate.trial_seconds) + ". It is assumed that\n";
  for (const char* const assumption : kAssumptions) text += std::string("- ") + assumption + "\n";
  if (total.disk > estimate.free_disk) text += "The disk has no room for the outputs.\n";
  return text;
}

std::string estimate_json(const PipelineEstimate& estimate) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const StepEstimate& step : estimate.steps) {
    steps.push_back({{"step", step.step},
                     {"component", step.component},
                     {"state", step.reused ? "reuse" : "run"},
                     {"images", step.images ? nlohmann::ordered_json(*step.images) : nlohmann::ordered_json()},
                     {"seconds", step.seconds ? nlohmann::ordered_json(*step.seconds) : nlohmann::ordered_json()},
                     {"memory_bytes", std::llround(step.memory)},
                     {"disk_bytes", std::llround(step.disk)},
                     {"basis", step.basis}});
  }
  const Total total = total_of(estimate);
  const nlohmann::ordered_json all = {{"pipeline", estimate.pipeline},
                                      {"steps", steps},
                                      {"total",
                                       {{"seconds", total.seconds},
                                        {"all_known", total.whole},
                                        {"memory_bytes", std::llround(total.memory)},
                                        {"disk_bytes", std::llround(total.disk)}}},
                                      {"free_disk_bytes", std::llround(estimate.free_disk)},
                                      {"trial_seconds", estimate.trial_seconds},
                                      {"assumptions", kAssumptions}};
  return runtime::json_text(all);
}

}  // namespace torchport::component
