// Where a training stands, as progress.json in its run folder: for a page that shows a run under way. Written by the sink jsonl,
// read by the report.
#pragma once
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/report/events.h"

namespace torchport::runtime {

/// Rewrites the file, once a second at most, and takes it away when the training is over. It is worth nothing after a crash, so
/// that nothing waits for the disk; one that cannot be written is left out.
class ProgressFile {
 public:
  explicit ProgressFile(const std::filesystem::path& run_dir);
  ~ProgressFile();
  ProgressFile(const ProgressFile&) = delete;
  ProgressFile& operator=(const ProgressFile&) = delete;
  void step(const StepDone& event);

 private:
  std::filesystem::path path_;
  Time written_{};
};

/// epoch, epochs, step, steps, loss, images_per_second (both of the epoch so far) and eta_seconds, as in StepDone; empty where no
/// training stands anywhere.
nlohmann::json read_progress(const std::filesystem::path& run_dir);

}  // namespace torchport::runtime
