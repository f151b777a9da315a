// One step of a pipeline, run for real in a folder of its own, for a limited time. Called by the workbench.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "runtime/cli/host.h"
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

struct Trial {
  double seconds = 0;
  std::int64_t peak_bytes = 0;  ///< of the largest process
  bool whole = true;            ///< else it was stopped after its time, and has no outputs
  std::filesystem::path outputs, run_dir;
};

/// Runs the step below `folder`, with `values` in place of its own, for at most `limit` seconds.
/// \throws Error FailedToCompleteOperation.trial, .no_worker
Trial try_step(const runtime::Host& host, const std::filesystem::path& folder, runtime::Step step,
               const std::map<std::string, std::string>& values,
               const std::function<std::filesystem::path(const runtime::StepInput&)>& input_of, std::int64_t limit);

/// Seconds that a process of the worker takes to start.
double start_seconds(const runtime::Host& host);

/// The bytes of all files below.
double bytes_below(const std::filesystem::path& folder);

}  // namespace torchport::component
