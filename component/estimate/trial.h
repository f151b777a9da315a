// One step of a pipeline, run for real on some of the images, in a folder of its own. Called by `torchport estimate`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/cli.h"
#include "runtime/pipeline/pipeline.h"

namespace torchport::component {

/// A folder that goes, with all that is in it, when this does.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What was seen of the training in its driver log.
struct TrainingTrial {
  double step_seconds = 0;        ///< of the steps after those that warm up
  double around_seconds = 0;      ///< before the second step and after the validation
  double validation_seconds = 0;  ///< 0 where it was not reached
  std::size_t steps = 0;          ///< that step_seconds is the mean of
};

struct Trial {
  double seconds = 0;
  std::int64_t peak_bytes = 0;  ///< of the largest process
  bool whole = true;            ///< else it was stopped after its time, and has no outputs
  std::filesystem::path outputs, run_dir;
};

/// What all trials share.
struct TrialSettings {
  const runtime::CommandLine& cli;
  const std::vector<std::string>& worker_arguments;
  std::filesystem::path folder;
};

/// Runs the step with `values` in place of its own, for at most `limit_seconds`. \throws Error FailedToCompleteOperation.trial,
/// .no_worker
Trial try_step(const TrialSettings& settings, runtime::Step step, const std::map<std::string, std::string>& values,
               const std::function<std::filesystem::path(const runtime::StepInput&)>& input_of, int limit_seconds);

/// Reads the times of the lines that a training with --print-freq=1 wrote, or nothing where no second step was done.
std::optional<TrainingTrial> training_trial(const Trial& trial);

/// Seconds that a process of the worker takes to start.
double start_seconds(const runtime::CommandLine& cli);

/// The bytes of all files below.
double bytes_below(const std::filesystem::path& folder);

}  // namespace torchport::component
