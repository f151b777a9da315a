// MPI's calls, made one after the other by a thread of their own, so that reductions overlap with computing.
// Used by mpi.cpp and mpi_reducer.cpp.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace torchport::component {

/// Calls are made in the order in which they were handed in, which must be the same on all ranks.
class MpiQueue {
 public:
  /// One call. Lives until the thread and its owner are through with it.
  struct Job {
    const char* operation = "";
    std::int64_t sequence = 0;  ///< 1-based
    std::function<int()> call;  ///< returns MPI's code
    bool done = false;
    int result = 0;
  };

  /// Each wait ends after `timeout_seconds`.
  explicit MpiQueue(double timeout_seconds);
  /// Waits for the call under way, unless a wait has timed out: then the thread hangs in a call that will not return, and is left.
  ~MpiQueue();
  MpiQueue(const MpiQueue&) = delete;
  MpiQueue& operator=(const MpiQueue&) = delete;

  /// `operation` names the call in errors.
  std::shared_ptr<Job> submit(const char* operation, std::function<int()> call);
  /// Returns whether the job was done in time.
  bool done_in_time(const Job& job);
  /// \throws Error TimeoutOccured.collective, TimeoutOccured.failed
  void wait(const Job& job);
  void call(const char* operation, std::function<int()> call) { wait(*submit(operation, std::move(call))); }

  bool healthy() const { return state_->healthy; }
  /// From now on nothing waits for this queue's thread any more.
  void give_up() { state_->healthy = false; }

 private:
  struct State {  // its thread's too, which may outlive the queue
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Job>> queue;
    std::int64_t submitted = 0;
    bool stop = false, healthy = true;
  };
  static void loop(const std::shared_ptr<State>& state);

  const double timeout_seconds_;
  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace torchport::component
