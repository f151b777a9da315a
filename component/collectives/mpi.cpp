#include "component/collectives/mpi.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "component/collectives/mpi_calls.h"
#include "component/collectives/mpi_queue.h"
#include "component/collectives/mpi_reducer.h"
#include "runtime/error/exit_status.h"
#include "runtime/watch/standing.h"

namespace torchport::component {
namespace {

using runtime::Error;
using Clock = std::chrono::steady_clock;

/// MPI counts in int, and pieces are copied: larger data goes in several.
constexpr std::size_t kBytesPerCall = std::size_t{1} << 24;
constexpr auto kPollInterval = std::chrono::microseconds(200);

/// Whether one process may copy from another's memory; containers forbid it, and Open MPI then warns at each start.
bool memory_is_shared() {
  char from = 'x', to = 0;
  const iovec local{&to, 1}, remote{&from, 1};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/// What Open MPI should do otherwise than by default, unless the user said so. Read by MPI_Init.
void tune_open_mpi(bool beside_nccl) {
  // The thread that waits for other ranks shares the processing units with the threads that compute.
  setenv("OMPI_MCA_mpi_yield_when_idle", "1", /*overwrite=*/0);
  // A ring in segments of 1 MB reduces large buffers on one machine about twice as fast as Open MPI's own choice.
  setenv("OMPI_MCA_coll_tuned_use_dynamic_rules", "1", 0);
  setenv("OMPI_MCA_coll_tuned_allreduce_algorithm", "5", 0);
  setenv("OMPI_MCA_coll_tuned_allreduce_algorithm_segmentsize", "1048576", 0);
  // MLPerf's submissions do so "to prevent deadlock" between a library over MPI and NCCL.
  if (beside_nccl) setenv("OMPI_MCA_btl", "^openib", 0);
  if (!memory_is_shared()) setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
}

/// MPI_Finalize waits for all ranks, and cannot be told for how long.
void finalize(const Patience& patience) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread watcher;
  if (std::isfinite(patience.end)) {
    watcher = std::thread([&] {
      std::unique_lock lock(mutex);
      if (changed.wait_for(lock, std::chrono::duration<double>(patience.end), [&] { return done; })) return;
      if (patience.at_end) patience.at_end();
      _exit(runtime::kPeerLost);
    });
  }
  mpi::calls().finalize();
  if (!watcher.joinable()) return;
  {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }
  watcher.join();
}

}  // namespace

struct MpiControl::State {
  mpi::Comm data = nullptr, control = nullptr;
  int rank = 0, size = 1, local_rank = 0, local_size = 1;
  Patience patience;
  std::unique_ptr<MpiQueue> queue;
};

MpiControl::MpiControl(int expected_size, Patience patience, bool beside_nccl) {
  tune_open_mpi(beside_nccl);
  const mpi::Calls& mpi = mpi::calls();
  const bool threads = [&] {
    const runtime::InOperation here("MPI_Init");
    return mpi.init();
  }();
  if (!threads) throw std::runtime_error("this MPI does not serve several threads (MPI_THREAD_MULTIPLE)");
  const int found = mpi.size(mpi.world());
  if (expected_size > 0 && expected_size != found) {
    mpi.finalize();
    throw Error("FailedToCompleteOperation.mpi_world",
                {{"wanted", std::to_string(expected_size)}, {"found", std::to_string(found)}});
  }
  state_ = std::make_unique<State>();
  State& s = *state_;
  s.patience = std::move(patience);
  s.size = found;
  s.rank = mpi.rank(mpi.world());
  const mpi::Comm local = mpi.neighbours();
  s.local_rank = mpi.rank(local);
  s.local_size = mpi.size(local);
  mpi.release(local);
  s.data = mpi.copy_of_world();
  s.control = mpi.copy_of_world();
  s.queue = std::make_unique<MpiQueue>(s.data, s.patience.call);
}

MpiControl::~MpiControl() {
  if (!state_->queue->close()) return;
  mpi::calls().release(state_->data);
  mpi::calls().release(state_->control);
  const runtime::InOperation here("MPI_Finalize");
  finalize(state_->patience);
}

int MpiControl::rank() const { return state_->rank; }
int MpiControl::size() const { return state_->size; }
int MpiControl::local_rank() const { return state_->local_rank; }
int MpiControl::local_size() const { return state_->local_size; }

// MPI gets memory of its own everywhere: a call that hangs may still write to it when the caller has long given up.
void MpiControl::broadcast(void* data, std::size_t bytes, int root) {
  std::size_t done = 0;
  do {
    const std::size_t size = std::min(kBytesPerCall, bytes - done);
    char* const place = static_cast<char*>(data) + done;
    const auto piece = std::make_shared<std::vector<char>>(place, place + size);
    // The whole is announced, so that two that differ in it do not begin.
    state_->queue->call({Collective::broadcast, static_cast<std::int64_t>(bytes), root}, [=, comm = state_->data] {
      return mpi::calls().broadcast(piece->data(), static_cast<int>(size), root, comm);
    });
    if (root != rank() && size > 0) std::memcpy(place, piece->data(), size);
    done += size;
  } while (done < bytes);
}

void MpiControl::sum(std::span<double> values) {
  const auto sums = std::make_shared<std::vector<double>>(values.begin(), values.end());
  state_->queue->call({Collective::all_reduce, static_cast<std::int64_t>(values.size_bytes()), sizeof(double)},
                      [=, comm = state_->data] {
                        return mpi::calls().all_reduce(sums->data(), static_cast<int>(sums->size()), mpi::Number::float64,
                                                       mpi::Reduction::sum, comm);
                      });
  std::copy(sums->begin(), sums->end(), values.begin());
}

std::int64_t MpiControl::least(std::int64_t value) {
  const auto least = std::make_shared<std::int64_t>(value);
  state_->queue->call({Collective::agreement, sizeof value}, [=, comm = state_->data] {
    return mpi::calls().all_reduce(least.get(), 1, mpi::Number::int64, mpi::Reduction::least, comm);
  });
  return *least;
}

void MpiControl::barrier() {
  state_->queue->call({Collective::barrier}, [comm = state_->data] { return mpi::calls().barrier(comm); });
}

double MpiControl::seconds_waited() const { return state_->queue->seconds_waited(); }

std::unique_ptr<Reducer> MpiControl::reducer() { return std::make_unique<MpiReducer>(*state_->queue, state_->data, state_->size); }

bool MpiControl::meet(double seconds) {
  if (!state_->queue->healthy()) return false;
  mpi::Request request = mpi::calls().begin_barrier(state_->control);
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    if (mpi::calls().ended(request)) return true;
    if (Clock::now() > deadline) break;
    std::this_thread::sleep_for(kPollInterval);
  }
  state_->queue->give_up();
  return false;
}

double MpiControl::patience() const { return state_->patience.call; }

std::vector<std::optional<RollCall>> MpiControl::roll_call(const RollCall& mine, double seconds) {
  const auto ranks = static_cast<std::size_t>(size());
  // Left behind: a message that never comes is one that MPI may still write.
  auto& told = *new std::vector<std::array<std::int64_t, 2>>(ranks, {mine.number, mine.bytes});
  const auto said = std::make_unique<std::vector<std::array<std::int64_t, 2>>>(told).release();
  std::vector<mpi::Request> heard(ranks, nullptr);
  std::vector<std::optional<RollCall>> answers(ranks);
  answers[static_cast<std::size_t>(rank())] = mine;
  for (std::size_t r = 0; r < ranks; ++r) {
    if (answers[r]) continue;
    mpi::calls().send((*said)[r].data(), 2, static_cast<int>(r), state_->control);
    heard[r] = mpi::calls().begin_receive(told[r].data(), 2, static_cast<int>(r), state_->control);
  }
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (std::size_t missing = ranks - 1; missing > 0 && Clock::now() < deadline;) {
    for (std::size_t r = 0; r < ranks; ++r) {
      if (answers[r] || !mpi::calls().ended(heard[r])) continue;
      answers[r] = {told[r][0], told[r][1]};
      --missing;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return answers;
}

void MpiControl::abort(int exit_status) {
  mpi::calls().abort(exit_status);
  _exit(exit_status);
}

std::unique_ptr<runtime::Control> join_world(const std::optional<runtime::LaunchedAs>& launched, Patience patience,
                                             bool beside_nccl) {
  if (!launched || launched->size == 1) return std::make_unique<runtime::WorldOfOne>();
  return std::make_unique<MpiControl>(launched->size, std::move(patience), beside_nccl);
}

std::string mpi_version() {
  std::array<char, 1024> text{};
  mpi::calls().library_version(text.data(), text.size());
  const std::string whole(text.data());
  return whole.substr(0, whole.find(','));
}

}  // namespace torchport::component
