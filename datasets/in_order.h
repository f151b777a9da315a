// Work on many items by several threads, whose results are taken one after another, in order, while the work goes on.
// Used where images are made and then listed; memory stays flat, because the threads wait for results to be taken.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace torchport::datasets {

/// Calls make(i) for i = 0 .. count-1 on `threads` threads and take(i, result) on the caller's, in order. The first exception in
/// that order is the one that comes out. At most `4 * threads` results are held.
template <class Make, class Take>
void in_order(std::size_t count, int threads, Make make, Take take) {
  using Result = decltype(make(std::size_t{0}));
  struct Slot {
    std::optional<Result> result;
    std::exception_ptr fault;
    bool done() const { return result || fault; }
  };
  const std::size_t ahead = 4 * static_cast<std::size_t>(threads);
  std::mutex mutex;
  std::condition_variable room, ready;
  std::deque<Slot> slots;  // of the items taken .. next - 1; a deque moves none when others come or go
  std::size_t next = 0, taken = 0;

  const auto work = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      room.wait(lock, [&] { return next >= count || next < taken + ahead; });
      if (next >= count) return;
      const std::size_t i = next++;
      Slot& slot = slots.emplace_back();
      lock.unlock();
      std::optional<Result> result;
      std::exception_ptr fault;
      try {
        result = make(i);
      } catch (...) {
        fault = std::current_exception();
      }
      lock.lock();
      slot.result = std::move(result);
      slot.fault = fault;
      ready.notify_one();
    }
  };
  std::vector<std::jthread> pool;
  struct Stop {  // also where take throws: the threads end before what they refer to goes
    std::mutex& mutex;
    std::condition_variable& room;
    std::size_t &next, count;
    ~Stop() {
      const std::lock_guard lock(mutex);
      next = count;
      room.notify_all();
    }
  };
  const Stop stop{mutex, room, next, count};
  for (int t = 0; t < threads; ++t) pool.emplace_back(work);
  for (std::size_t i = 0; i < count; ++i) {
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return !slots.empty() && slots.front().done(); });
    Slot slot = std::move(slots.front());
    slots.pop_front();
    ++taken;
    lock.unlock();
    room.notify_one();
    if (slot.fault) std::rethrow_exception(slot.fault);
    take(i, std::move(*slot.result));
  }
}

}  // namespace torchport::datasets
