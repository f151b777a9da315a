// `torchport estimate PIPELINE.yaml`: what a run would cost. Every step that would run is tried on some of the images, with the
// very program that a run uses, and what that cost is scaled to all of them. Called by component/worker/main.cpp; torch-free.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/cli.h"

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

/// `words`: PIPELINE.yaml [--set ...] [--force ...] [--runs ...] [--seconds N] [--json]. Returns the text for standard output.
/// \throws Error or Errors as `torchport run --dry-run`, and FailedToCompleteOperation.trial
std::string estimate(const runtime::CommandLine& cli, const std::vector<std::string>& words,
                     const std::vector<std::string>& worker_arguments);

std::string estimate_text(const PipelineEstimate& estimate);
std::string estimate_json(const PipelineEstimate& estimate);

}  // namespace torchport::component
