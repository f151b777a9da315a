// MPI's calls, made one after the other by a thread of their own, so that reductions overlap with computing.
// Used by mpi.cpp and mpi_reducer.cpp.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "component/collectives/announcement.h"
#include "runtime/error/error.h"

namespace torchport::component {

/// Calls are made in the order in which they were handed in, which must be the same on all ranks: each is announced first, and
/// where ranks differ none makes it. After the first call that fails or does not end in time no other is made or waited for.
class MpiQueue {
 public:
  /// One call. Lives until the thread and its owner are through with it.
  struct Job {
    Announcement announcement;
    std::int64_t sequence = 0;  ///< 1-based
    std::function<int()> call;  ///< returns MPI's code
    bool done = false;
    std::optional<runtime::Error> error;  ///< once done
  };

  /// Announces on `communicator`, an MPI_Comm. Each wait ends after `timeout_seconds`.
  MpiQueue(void* communicator, double timeout_seconds);
  ~MpiQueue() { close(); }
  MpiQueue(const MpiQueue&) = delete;
  MpiQueue& operator=(const MpiQueue&) = delete;

  /// What `call` reads and writes must live as long as `call` itself does: a call that hangs is left with its memory.
  std::shared_ptr<Job> submit(const Announcement& announcement, std::function<int()> call);
  /// \throws Error TimeoutOccured.collective, TimeoutOccured.failed, TimeoutOccured.mismatch
  void wait(Job& job);
  void call(const Announcement& announcement, std::function<int()> call) { wait(*submit(announcement, std::move(call))); }

  /// Whether the thread is still of use: not after a call that did not end in time.
  bool healthy() const;
  /// From now on nothing waits for this queue's thread any more.
  void give_up();
  /// Waits for the calls under way, but not for ever, and ends the thread. Returns whether it ended: else it hangs in a call that
  /// will not return, and is left.
  bool close();
  /// In wait(), so far.
  double seconds_waited() const;

 private:
  struct State {  // its thread's too, which may outlive the queue
    void* communicator = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Job>> queue;
    std::int64_t submitted = 0;
    bool stop = false, ended = false, stuck = false;
    std::optional<runtime::Error> broken;  // what all later calls fail with
    std::chrono::duration<double> waited{};
  };
  static void loop(const std::shared_ptr<State>& state);
  static std::optional<runtime::Error> run(State& state, const Job& job, bool& failed);

  const double timeout_seconds_;
  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace torchport::component
