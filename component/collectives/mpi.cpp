#include "component/collectives/mpi.h"

#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>
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
  MPI_Finalize();
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
  MPI_Comm data = MPI_COMM_NULL, control = MPI_COMM_NULL;
  int rank = 0, size = 1, local_rank = 0, local_size = 1;
  Patience patience;
  std::unique_ptr<MpiQueue> queue;
};

MpiControl::MpiControl(int expected_size, Patience patience, bool beside_nccl) {
  tune_open_mpi(beside_nccl);
  int provided = 0;
  {
    const runtime::InOperation here("MPI_Init");
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  }
  if (provided < MPI_THREAD_MULTIPLE) throw std::runtime_error("this MPI does not serve several threads (MPI_THREAD_MULTIPLE)");
  int found = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &found);
  if (expected_size > 0 && expected_size != found) {
    MPI_Finalize();
    throw Error("FailedToCompleteOperation.mpi_world",
                {{"wanted", std::to_string(expected_size)}, {"found", std::to_string(found)}});
  }
  state_ = std::make_unique<State>();
  State& s = *state_;
  s.patience = std::move(patience);
  s.size = found;
  MPI_Comm_rank(MPI_COMM_WORLD, &s.rank);
  MPI_Comm local = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, s.rank, MPI_INFO_NULL, &local);
  MPI_Comm_rank(local, &s.local_rank);
  MPI_Comm_size(local, &s.local_size);
  MPI_Comm_free(&local);
  MPI_Comm_dup(MPI_COMM_WORLD, &s.data);
  MPI_Comm_dup(MPI_COMM_WORLD, &s.control);
  MPI_Comm_set_errhandler(s.data, MPI_ERRORS_RETURN);
  s.queue = std::make_unique<MpiQueue>(s.data, s.patience.call);
}

MpiControl::~MpiControl() {
  if (!state_->queue->close()) return;
  MPI_Comm_free(&state_->data);
  MPI_Comm_free(&state_->control);
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
      return MPI_Bcast(piece->data(), static_cast<int>(size), MPI_BYTE, root, comm);
    });
    if (root != rank() && size > 0) std::memcpy(place, piece->data(), size);
    done += size;
  } while (done < bytes);
}

void MpiControl::sum(std::span<double> values) {
  const auto sums = std::make_shared<std::vector<double>>(values.begin(), values.end());
  state_->queue->call({Collective::all_reduce, static_cast<std::int64_t>(values.size_bytes()), sizeof(double)},
                      [=, comm = state_->data] {
                        return MPI_Allreduce(MPI_IN_PLACE, sums->data(), static_cast<int>(sums->size()), MPI_DOUBLE, MPI_SUM, comm);
                      });
  std::copy(sums->begin(), sums->end(), values.begin());
}

std::int64_t MpiControl::least(std::int64_t value) {
  const auto least = std::make_shared<std::int64_t>(value);
  state_->queue->call({Collective::agreement, sizeof value},
                      [=, comm = state_->data] { return MPI_Allreduce(MPI_IN_PLACE, least.get(), 1, MPI_INT64_T, MPI_MIN, comm); });
  return *least;
}

void MpiControl::barrier() {
  state_->queue->call({Collective::barrier}, [comm = state_->data] { return MPI_Barrier(comm); });
}

double MpiControl::seconds_waited() const { return state_->queue->seconds_waited(); }

std::unique_ptr<Reducer> MpiControl::reducer() { return std::make_unique<MpiReducer>(*state_->queue, state_->data, state_->size); }

bool MpiControl::meet(double seconds) {
  if (!state_->queue->healthy()) return false;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(state_->control, &request);
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (int done = 0;;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done) return true;
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
  std::vector<MPI_Request> heard(ranks, MPI_REQUEST_NULL);
  std::vector<std::optional<RollCall>> answers(ranks);
  answers[static_cast<std::size_t>(rank())] = mine;
  for (std::size_t r = 0; r < ranks; ++r) {
    if (answers[r]) continue;
    MPI_Request sent = MPI_REQUEST_NULL;
    MPI_Isend((*said)[r].data(), 2, MPI_INT64_T, static_cast<int>(r), 0, state_->control, &sent);
    MPI_Request_free(&sent);
    MPI_Irecv(told[r].data(), 2, MPI_INT64_T, static_cast<int>(r), 0, state_->control, &heard[r]);
  }
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (std::size_t missing = ranks - 1; missing > 0 && Clock::now() < deadline;) {
    for (std::size_t r = 0; r < ranks; ++r) {
      int done = 0;
      if (!answers[r]) MPI_Test(&heard[r], &done, MPI_STATUS_IGNORE);
      if (!done) continue;
      answers[r] = {told[r][0], told[r][1]};
      --missing;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return answers;
}

void MpiControl::abort(int exit_status) {
  MPI_Abort(MPI_COMM_WORLD, exit_status);
  _exit(exit_status);
}

std::unique_ptr<runtime::Control> join_world(const std::optional<runtime::LaunchedAs>& launched, Patience patience,
                                             bool beside_nccl) {
  if (!launched || launched->size == 1) return std::make_unique<runtime::WorldOfOne>();
  return std::make_unique<MpiControl>(launched->size, std::move(patience), beside_nccl);
}

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  return whole.substr(0, whole.find(','));
}

}  // namespace torchport::component
