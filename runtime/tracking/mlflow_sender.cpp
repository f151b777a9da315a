#include "runtime/tracking/mlflow_sender.h"

#include "runtime/watch/quiet_thread.h"

namespace torchport::runtime {
namespace {

using std::chrono::seconds;

constexpr seconds kBetween{2};                  ///< requests of a run under way
constexpr seconds kShortest{5}, kLongest{300};  ///< until the next try, where the last one failed
constexpr seconds kAtEnd{5};

}  // namespace

MlflowSender::MlflowSender(std::filesystem::path folder, const MlflowSettings& settings, Log* log)
    : folder_(std::move(folder)),
      log_(log),
      sync_(folder_, settings, cancelled_, [this](const std::string& note) { tell(true, note + "."); }) {
  thread_ = quiet_thread("mlflow", [this] { work(); });
}

MlflowSender::~MlflowSender() { finish(); }

void MlflowSender::tell(bool warning, const std::string& text) {
  if (!log_) return;
  if (warning) {
    log_->warning(text);
  } else {
    log_->info(text);
  }
}

/// Waits, but not for longer than until the run ends. Returns whether it does.
bool MlflowSender::wait(seconds most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [this] { return ending_; });
}

/// Returns whether it is worth another try.
bool MlflowSender::send() {
  const std::string hint = " The record of this run is in " + folder_.string() + ": torchport sync mlflow " +
                           folder_.parent_path().string() + " sends what is missing.";
  std::string reason;
  bool again = false;
  try {
    sync_.advance();
    if (!std::exchange(told_place_, true)) tell(false, "MLflow has this run at " + sync_.place() + ".");
    if (std::exchange(broken_, false)) tell(false, "MLflow answers again, and has all up to here.");
    return true;
  } catch (const MlflowError& fault) {
    reason = fault.what();
    again = fault.transient;
  } catch (const std::exception& fault) {
    reason = fault.what();
  }
  broken_ = true;
  if (cancelled_) reason = "what is left takes too long";
  if (!std::exchange(warned_, true)) tell(true, "MLflow does not have all of this run: " + reason + "." + hint);
  return again;
}

void MlflowSender::work() {
  seconds pause = kBetween;
  for (bool ending = false, again = true; again && !ending;) {
    again = send();
    pause = !broken_ ? kBetween : pause < kShortest ? kShortest : std::min(2 * pause, kLongest);
    ending = again && wait(pause);
  }
  if (!broken_) send();
  const std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

void MlflowSender::finish() {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
    if (!changed_.wait_for(lock, kAtEnd, [this] { return done_; })) cancelled_ = true;
  }
  thread_.join();
}

}  // namespace torchport::runtime
