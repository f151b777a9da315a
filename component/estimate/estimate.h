// What a run of a pipeline would cost. Every step that would run is tried on some of the images, with the very program that a run
// uses, and what that cost is scaled to all of them. Called by `torchport estimate`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/host.h"
#include "runtime/pipeline/checked_plan.h"

namespace torchport::component {

/// What one step costs.
struct StepEstimate {
  std::string step, component;
  bool reused = false;
  std::optional<std::size_t> images;  ///< that go through it
  std::optional<double> seconds;      ///< absent where the trial did not get far enough to tell
  double memory = 0;                  ///< bytes: the peak of all its processes together
  double disk = 0;                    ///< bytes that its outputs take
  std::string basis;                  ///< what the figures come from
};

struct PipelineEstimate {
  std::string pipeline;
  std::vector<StepEstimate> steps;
  double free_disk = 0;      ///< bytes, where the runs go
  double trial_seconds = 0;  ///< that the estimate took
};

/// Tries each step for at most `limit` seconds. \throws Error FailedToCompleteOperation.trial, .no_worker, and what opening the
/// inputs throws
PipelineEstimate estimate_pipeline(const runtime::Host& host, const runtime::CheckedPlan& checked, std::int64_t limit);

}  // namespace torchport::component
