#include "runtime/watch/standing.h"

namespace torchport::runtime {

using Clock = std::chrono::steady_clock;

std::string Stand::operation_text() const { return number > 0 ? operation + " number " + std::to_string(number) : operation; }

std::string Stand::text() const {
  std::string text(kPhaseNames.at(static_cast<std::size_t>(phase)));
  return at == "-" ? text : text + ", epoch.step " + at;
}

void Standing::enter(const char* operation, std::int64_t number) {
  operation_.store(operation, std::memory_order_relaxed);
  number_.store(number, std::memory_order_relaxed);
  since_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  entered_.fetch_add(1, std::memory_order_release);
}

Stand Standing::now() const {
  Stand stand;
  stand.finished = finished_.load(std::memory_order_acquire);
  stand.entered = entered_.load(std::memory_order_acquire);
  stand.phase = phase_.load(std::memory_order_relaxed);
  stand.at = position.text();
  stand.operation = operation_.load(std::memory_order_relaxed);
  stand.number = number_.load(std::memory_order_relaxed);
  const Clock::duration since(since_.load(std::memory_order_relaxed));
  stand.waited = stand.waits() ? std::chrono::duration<double>(Clock::now().time_since_epoch() - since).count() : 0;
  return stand;
}

Standing& standing() {
  static Standing one;
  return one;
}

}  // namespace torchport::runtime
