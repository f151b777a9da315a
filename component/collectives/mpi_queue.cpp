#include "component/collectives/mpi_queue.h"

#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>
#include <pthread.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "runtime/error/error.h"
#include "runtime/text/format.h"
#include "runtime/watch/standing.h"

namespace torchport::component {
namespace {

std::string mpi_error(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

MpiQueue::MpiQueue(double timeout_seconds) : timeout_seconds_(timeout_seconds), state_(std::make_shared<State>()) {
  thread_ = std::thread([state = state_] { loop(state); });
  pthread_setname_np(thread_.native_handle(), "collectives");
}

MpiQueue::~MpiQueue() {
  if (!healthy()) {
    thread_.detach();
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
  }
  thread_.join();
}

void MpiQueue::loop(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->stop || !state->queue.empty(); });
    if (state->queue.empty()) return;
    const std::shared_ptr<Job> job = state->queue.front();
    state->queue.pop_front();
    lock.unlock();
    int result = 0;
    {
      const runtime::InOperation here(job->operation, job->sequence);
      result = job->call();
    }
    lock.lock();
    job->result = result;
    job->done = true;
    state->changed.notify_all();
  }
}

std::shared_ptr<MpiQueue::Job> MpiQueue::submit(const char* operation, std::function<int()> call) {
  auto job = std::make_shared<Job>();
  const std::lock_guard lock(state_->mutex);
  job->operation = operation;
  job->sequence = ++state_->submitted;
  job->call = std::move(call);
  state_->queue.push_back(job);
  state_->changed.notify_all();
  return job;
}

bool MpiQueue::done_in_time(const Job& job) {
  std::unique_lock lock(state_->mutex);
  const bool done = state_->changed.wait_for(lock, std::chrono::duration<double>(timeout_seconds_), [&] { return job.done; });
  state_->healthy = state_->healthy && done;
  return done;
}

void MpiQueue::wait(const Job& job) {
  runtime::Fields fields{{"operation", job.operation}, {"sequence", std::to_string(job.sequence)}};
  if (!done_in_time(job)) {
    fields["seconds"] = runtime::formatted("%g", timeout_seconds_);
    throw runtime::Error("TimeoutOccured.collective", fields);
  }
  if (job.result == MPI_SUCCESS) return;
  state_->healthy = false;
  fields["reason"] = mpi_error(job.result);
  throw runtime::Error("TimeoutOccured.failed", fields);
}

}  // namespace torchport::component
