#include "component/collectives/mpi_queue.h"

#include <pthread.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "component/collectives/mpi_calls.h"
#include "runtime/text/format.h"
#include "runtime/watch/standing.h"

namespace torchport::component {
namespace {

using runtime::Error;

std::string mpi_error(int code) {
  std::array<char, 512> text{};
  mpi::calls().error_text(code, text.data(), text.size());
  return text.data();
}

runtime::Fields fields_of(const MpiQueue::Job& job) {
  return {{"operation", name_of(job.announcement.what)}, {"sequence", std::to_string(job.sequence)}};
}

}  // namespace

MpiQueue::MpiQueue(void* communicator, double timeout_seconds)
    : timeout_seconds_(timeout_seconds), state_(std::make_shared<State>()) {
  state_->communicator = communicator;
  thread_ = std::thread([state = state_] { loop(state); });
  pthread_setname_np(thread_.native_handle(), "collectives");
}

bool MpiQueue::healthy() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->stuck;
}

void MpiQueue::give_up() {
  const std::lock_guard lock(state_->mutex);
  state_->stuck = true;
}

double MpiQueue::seconds_waited() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waited.count();
}

bool MpiQueue::close() {
  if (!thread_.joinable()) return state_->ended;
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
    if (!state_->stuck)
      state_->changed.wait_for(lock, std::chrono::duration<double>(timeout_seconds_), [&] { return state_->ended; });
    ended = state_->ended;
  }
  ended ? thread_.join() : thread_.detach();
  return ended;
}

void MpiQueue::loop(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->stop || !state->queue.empty(); });
    if (state->queue.empty()) break;
    const std::shared_ptr<Job> job = state->queue.front();
    state->queue.pop_front();
    if (!state->broken) {
      lock.unlock();
      bool failed = false;
      auto error = run(*state, *job, failed);
      job->call = nullptr;  // and the memory that it holds
      lock.lock();
      if (!state->broken) state->broken = std::move(error);  // else a wait has ended meanwhile
      if (failed) state->stuck = true;
    }
    job->error = state->broken;
    job->done = true;
    state->changed.notify_all();
  }
  state->ended = true;
  state->changed.notify_all();
}

std::optional<Error> MpiQueue::run(State& state, const Job& job, bool& failed) {
  const runtime::InOperation here(name_of(job.announcement.what), job.sequence);
  std::optional<Mismatch> mismatch;
  int result = announce(state.communicator, job.announcement, mismatch);
  if (result == mpi::kSuccess && !mismatch) result = job.call();
  failed = result != mpi::kSuccess;
  if (failed) {
    runtime::Fields fields = fields_of(job);
    fields["reason"] = mpi_error(result);
    return Error("TimeoutOccured.failed", fields);
  }
  if (!mismatch) return std::nullopt;
  return Error("TimeoutOccured.mismatch",
               {{"sequence", std::to_string(job.sequence)}, {"one", mismatch->one}, {"other", mismatch->other}});
}

std::shared_ptr<MpiQueue::Job> MpiQueue::submit(const Announcement& announcement, std::function<int()> call) {
  auto job = std::make_shared<Job>();
  const std::lock_guard lock(state_->mutex);
  job->announcement = announcement;
  job->sequence = ++state_->submitted;
  job->call = std::move(call);
  state_->queue.push_back(job);
  state_->changed.notify_all();
  return job;
}

void MpiQueue::wait(Job& job) {
  std::unique_lock lock(state_->mutex);
  const auto over = [&] { return job.done || state_->stuck; };
  const auto begun = std::chrono::steady_clock::now();
  if (!state_->changed.wait_for(lock, std::chrono::duration<double>(timeout_seconds_), over)) state_->stuck = true;
  state_->waited += std::chrono::steady_clock::now() - begun;
  if (job.done && !job.error) return;
  if (job.done) throw *job.error;
  if (!state_->broken) {
    runtime::Fields fields = fields_of(job);
    fields["seconds"] = runtime::formatted("%g", timeout_seconds_);
    state_->broken = Error("TimeoutOccured.collective", fields);
  }
  throw *state_->broken;
}

}  // namespace torchport::component
