// Which collective call this rank is in, for whoever watches from another thread: runtime/watch/.
// Kept by the world of several processes (component/collectives/mpi_queue.h).
#pragma once
#include <atomic>
#include <cstdint>

namespace torchport::runtime {

/// Each number may be read at any time; together they may be of two calls where one ends just then.
struct CollectiveUnderWay {
  std::atomic<const char*> operation = nullptr;  ///< e.g. "all-reduce", a text that lives as long as the program; null: none
  std::atomic<std::int64_t> sequence = 0;        ///< 1-based: of the call under way, else of the last one; the same on all ranks
  std::atomic<std::int64_t> since = 0;           ///< when this rank began it: nanoseconds of std::chrono::steady_clock
  std::atomic<bool> together = false;            ///< all ranks have come to it, and now it moves bytes
  std::atomic<std::int64_t> waited = 0;          ///< nanoseconds that this rank's work has stood still for calls so far
};

}  // namespace torchport::runtime
