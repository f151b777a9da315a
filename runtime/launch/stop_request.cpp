#include "runtime/launch/stop_request.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <utility>

namespace torchport::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// A launcher hands a signal on that the terminal or the scheduler has sent to its processes as well.
constexpr auto kSameWish = std::chrono::seconds(1);

std::mutex mutex;
std::function<void(int)> takes;   // guarded by it
std::function<bool(int)> passes;  // likewise
Clock::time_point first;          // likewise
bool over = false;                // likewise
std::atomic<int> noted_signal = 0;
std::atomic<bool> leaving = false;

}  // namespace

StopRequest::StopRequest(std::function<void(int)> noted, std::function<bool(int)> passed_over) {
  const std::lock_guard lock(mutex);
  noted_signal = 0;
  over = false;
  takes = std::move(noted);
  passes = std::move(passed_over);
}

StopRequest::~StopRequest() {
  const std::lock_guard lock(mutex);
  takes = nullptr;
  passes = nullptr;
}

int StopRequest::signal() const { return noted_signal; }

void StopRequest::too_late() {
  const std::lock_guard lock(mutex);
  takes = nullptr;
  over = true;
  noted_signal = 0;
}

void stop_no_more() {
  leaving = true;                 // where a thread waits for signals
  std::signal(SIGTERM, SIG_IGN);  // where none does
}

bool note_stop(int signal) {
  if (leaving) return true;
  const std::lock_guard lock(mutex);
  if (passes && passes(signal)) return true;
  const auto now = Clock::now();
  if (noted_signal != 0) return now - first < kSameWish;
  if (!takes && !over) return false;
  first = now;
  noted_signal = signal;
  if (takes) takes(signal);
  return true;
}

}  // namespace torchport::runtime
