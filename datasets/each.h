// The same work on many items by several threads, where only its end is waited for. Used where files are looked at or copied;
// where results are taken while the work goes on, there is datasets/in_order.h.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace torchport::datasets {

/// Calls work(i) for i = 0 .. count-1 on `threads` threads, the caller's among them. Of several exceptions that of the lowest i
/// comes out, after all threads have stopped.
template <class Work>
void each(std::size_t count, int threads, Work work) {
  constexpr std::size_t kPiece = 64;  // items that a thread takes at once: they are short, as a rule
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t failed = count;
  std::exception_ptr fault;
  const auto run = [&] {
    for (std::size_t begin; (begin = next.fetch_add(kPiece)) < count;) {
      for (std::size_t i = begin; i < std::min(begin + kPiece, count); ++i) {
        try {
          work(i);
        } catch (...) {
          next = count;  // pieces before this one were taken before: they go on to their own end
          const std::lock_guard lock(mutex);
          if (i < failed) {
            failed = i;
            fault = std::current_exception();
          }
          return;
        }
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    const std::size_t useful = (count + kPiece - 1) / kPiece;
    for (std::size_t t = 1; t < std::min(static_cast<std::size_t>(threads), useful); ++t) pool.emplace_back(run);
    run();
  }
  if (fault) std::rethrow_exception(fault);
}

}  // namespace torchport::datasets
