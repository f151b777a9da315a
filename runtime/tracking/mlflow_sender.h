// Sends the journal of a run under way to MLflow's server, from a thread of its own: whatever the server does, the run does not
// wait for it, but for a few seconds at its end. Made by the sink mlflow.
#pragma once
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "runtime/report/log.h"
#include "runtime/tracking/mlflow_sync.h"

namespace torchport::runtime {

class MlflowSender {
 public:
  /// `log` may be null. \throws std::system_error where no thread is to be had
  MlflowSender(std::filesystem::path folder, const MlflowSettings& settings, Log* log);
  /// As finish().
  ~MlflowSender();
  MlflowSender(const MlflowSender&) = delete;
  MlflowSender& operator=(const MlflowSender&) = delete;
  /// Sends what is left, for 5 seconds at most, and not where the server did not answer before.
  void finish();

 private:
  void work();
  bool send();
  bool wait(std::chrono::seconds most);
  void tell(bool warning, const std::string& text);

  const std::filesystem::path folder_;
  Log* const log_;
  std::atomic<bool> cancelled_ = false;
  MlflowSync sync_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false, done_ = false;                         ///< under the mutex
  bool told_place_ = false, warned_ = false, broken_ = false;  ///< the thread's own
  std::thread thread_;
};

}  // namespace torchport::runtime
