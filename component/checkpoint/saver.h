// Writes the checkpoints of a run beside its training, and keeps the last two. Rank 0 has one; Checkpoints gives it copies of the
// state.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "component/checkpoint/checkpoint_file.h"
#include "runtime/error/error.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// Takes a checkpoint, or the folder of all, away, from under its name first: what is half removed must not be taken for a
/// checkpoint.
void discard(const std::filesystem::path& folder);

class Saver {
 public:
  /// `conditions` is called once, by the thread that writes. Everything referred to must outlive the saver.
  Saver(std::filesystem::path run_dir, std::function<Conditions(const std::atomic<bool>&)> conditions, runtime::Log& log);
  /// Gives up what is being written.
  ~Saver() { end(); }
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  bool busy();
  /// Writes `checkpoints/<name>`, later: what goes wrong is a warning. \pre not busy()
  void save(TrainingState state, std::string name);
  /// Until nothing is being written. The error of the last checkpoint, if it could not be.
  std::optional<runtime::Error> wait();
  /// Gives up what is being written, for good.
  void end();

 private:
  void work();
  void write(const TrainingState& state, const std::string& name);
  void publish(const std::filesystem::path& staging, const std::string& name);

  const std::filesystem::path run_dir_, folder_;
  const std::function<Conditions(const std::atomic<bool>&)> conditions_of_;
  runtime::Log& log_;
  std::optional<Conditions> conditions_;
  std::atomic<bool> given_up_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<std::pair<TrainingState, std::string>> job_;
  std::optional<runtime::Error> fault_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace torchport::component
