#include "tests/support/fake_cuda_state.h"

#include <algorithm>
#include <utility>

namespace torchport::test::fake_cuda {

namespace {

thread_local c10::StreamId current = 0;

struct State {
  std::recursive_mutex mutex;
  Counts counts;
  c10::StreamId streams = 0;
  std::map<c10::StreamId, Clock> known;  // of each stream: what is over before its next piece of work
  Clock host;
};

// Never destroyed: tensors may be freed until the process ends.
State& state() {
  static State& state = *new State;
  return state;
}

void merge(Clock& into, const Clock& from) {
  for (const auto& [stream, number] : from) into[stream] = std::max(into[stream], number);
}

}  // namespace

std::recursive_mutex& mutex() { return state().mutex; }
Counts& counting() { return state().counts; }

void reset() {
  const std::lock_guard lock(mutex());
  counting() = {};
}
Counts counts() {
  const std::lock_guard lock(mutex());
  return counting();
}

c10::StreamId current_stream() { return current; }
c10::StreamId exchange_stream(c10::StreamId stream) { return std::exchange(current, stream); }
c10::StreamId new_stream() { return ++state().streams; }

Moment begin_work() {
  Clock& clock = state().known[current];
  merge(clock, state().host);
  return {current, ++clock[current]};
}

bool is_over(const Moment& work, c10::StreamId stream) {
  return std::max(state().known[stream][work.stream], state().host[work.stream]) >= work.number;
}

Clock record(c10::StreamId stream) { return state().known[stream]; }
Clock all_work() {
  Clock all;
  for (const auto& [stream, clock] : state().known) merge(all, clock);
  return all;
}
void wait(c10::StreamId stream, const Clock& event) { merge(state().known[stream], event); }
void host_knows(const Clock& event) { merge(state().host, event); }

}  // namespace torchport::test::fake_cuda
