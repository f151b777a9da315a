#include "component/worker/watched.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/error/error.h"
#include "runtime/launch/stop_request.h"
#include "runtime/watch/message.h"

namespace torchport::component {
namespace {

constexpr unsigned kTimeToReport = 10;  ///< seconds; a disk that hangs must not keep a process whose job is over
constexpr auto kFirstSpeaks = std::chrono::seconds(2);
constexpr auto kPoll = std::chrono::milliseconds(50);

std::mutex mutex;          // held while a report is made
Watched::Reports reports;  // guarded by it

void warn(const std::string& text) {
  const std::lock_guard lock(mutex);
  if (reports.warning) reports.warning(text);
}

bool has_launcher() { return std::getenv("TORCHPORT_RUN_READY") != nullptr; }

/// Shows it where nobody else does: our launcher, or the rank before this one, whose exit then ends this process.
void show(const runtime::Failure& failure, int rank) {
  if (has_launcher()) return;
  if (rank != (failure.rank == 0 ? 1 : 0)) std::this_thread::sleep_for(kFirstSpeaks);
  std::cerr << runtime::render_all(failure.errors, "torchport") << std::flush;
}

[[noreturn]] void end(const runtime::Failure& failure, int rank) {
  std::signal(SIGALRM, SIG_DFL);
  alarm(kTimeToReport);
  {
    const std::lock_guard lock(mutex);
    if (reports.end) reports.end(failure);
  }
  show(failure, rank);
  _exit(failure.errors.front().exit_status());
}

}  // namespace

Watched::Watched(const std::optional<runtime::LaunchedAs>& launched) : rank_(launched ? launched->rank : 0) {
  const char* const address = std::getenv(runtime::kWatchVariable);
  if (!address && (!launched || launched->size == 1)) return;
  const auto on_end = [rank = rank_](const runtime::Failure& failure) { end(failure, rank); };
  try {
    watch_ = std::make_unique<runtime::Watch>(runtime::Watch::Options{rank_, warn, on_end, address ? runtime::kNoRank : 0});
    if (address) say_unwatched(watch_->connect(address));
  } catch (const std::system_error& error) {  // no thread to be had
    say_unwatched(error.what());
  }
}

void Watched::say_unwatched(const std::string& reason) {
  unwatched_ = reason;
  if (!reason.empty()) std::cerr << runtime::unwatched_line(rank_, reason) << std::flush;
}

void Watched::limit(double timeout_seconds) {
  timeout_seconds_ = timeout_seconds;
  if (watch_) watch_->limit(timeout_seconds);
}

void Watched::share(runtime::Control& world) {
  if (std::getenv(runtime::kWatchVariable) || world.size() == 1) return;
  std::string address, reason = "there is no watcher";
  if (rank_ == 0) {
    try {
      watcher_ = std::make_unique<runtime::Watcher>(runtime::Watcher::Options{world.size(), timeout_seconds_, "", false, {}});
      address = watcher_->address();
    } catch (const std::system_error& error) {
      reason = error.what();
    }
  }
  address = world.broadcast_text(address, 0);
  if (watch_ && !address.empty()) reason = watch_->connect(address);
  say_unwatched(reason);
  std::vector<double> unwatched(static_cast<std::size_t>(world.size()));
  unwatched[static_cast<std::size_t>(world.rank())] = reason.empty() ? 0 : 1;
  world.sum(unwatched);
  for (std::size_t rank = 0; watcher_ && rank < unwatched.size(); ++rank)
    if (unwatched[rank] != 0) watcher_->excuse(static_cast<int>(rank));
}

void Watched::report_to(Reports to) {
  const std::lock_guard lock(mutex);
  reports = std::move(to);
  if (reports.warning && !unwatched_.empty())
    reports.warning("This process is not watched: " + unwatched_ + ". Only the time-outs of its own waits end it.");
}

int Watched::bye(int exit_status) {
  runtime::stop_no_more();
  report_to({});
  if (watch_) watch_->bye(exit_status);
  watch_.reset();
  if (!watcher_) return exit_status;
  while (!watcher_->seconds_since_end()) std::this_thread::sleep_for(kPoll);
  if (const auto failure = watcher_->failure(); failure && exit_status == 0) {
    std::cerr << runtime::render_all(failure->errors, "torchport") << std::flush;
    return failure->errors.front().exit_status();
  }
  return exit_status;
}

}  // namespace torchport::component
