#include "component/collectives/mpi.h"

#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "datasets/trace.h"

namespace torchport::component {
namespace {

using runtime::Error;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kElementsPerCall = std::size_t{1} << 28;  ///< MPI counts in int: larger data goes in pieces
constexpr int kPeerLost = 13;                                   ///< the exit status of TimeoutOccured
constexpr auto kPollInterval = std::chrono::microseconds(200);

/// One call, done by the background thread. Lives until that thread and its owner are through with it.
struct Job {
  const char* operation = "";
  std::int64_t sequence = 0;
  std::function<int()> call;
  bool done = false;
  int result = MPI_SUCCESS;
};

MPI_Datatype mpi_type(runtime::DataType type) {
  switch (type) {
    case runtime::DataType::float32:
      return MPI_FLOAT;
    case runtime::DataType::float64:
      return MPI_DOUBLE;
    case runtime::DataType::int64:
      return MPI_INT64_T;
  }
  throw std::logic_error("unknown data type");
}

std::size_t bytes_of(runtime::DataType type) { return type == runtime::DataType::float32 ? 4 : 8; }

MPI_Op mpi_operation(runtime::Reduction reduction) {
  switch (reduction) {
    case runtime::Reduction::sum:
      return MPI_SUM;
    case runtime::Reduction::min:
      return MPI_MIN;
    case runtime::Reduction::max:
      return MPI_MAX;
  }
  throw std::logic_error("unknown reduction");
}

/// Calls `one(offset, count)` for pieces of at most kElementsPerCall.
template <class Call>
int in_pieces(std::size_t count, Call&& one) {
  int result = MPI_SUCCESS;
  for (std::size_t done = 0; done < count && result == MPI_SUCCESS; done += kElementsPerCall)
    result = one(done, static_cast<int>(std::min(kElementsPerCall, count - done)));
  return result;
}

/// Whether one process may copy from another's memory; containers forbid it, and Open MPI then warns at each start.
bool memory_is_shared() {
  char from = 'x', to = 0;
  const iovec local{&to, 1}, remote{&from, 1};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/// What Open MPI should do otherwise than by default, unless the user said so. Read by MPI_Init.
void tune_open_mpi() {
  // The thread that waits for other ranks shares the processing units with the threads that compute.
  setenv("OMPI_MCA_mpi_yield_when_idle", "1", /*overwrite=*/0);
  // A ring in segments of 1 MB reduces large buffers on one machine about twice as fast as Open MPI's own choice.
  setenv("OMPI_MCA_coll_tuned_use_dynamic_rules", "1", 0);
  setenv("OMPI_MCA_coll_tuned_allreduce_algorithm", "5", 0);
  setenv("OMPI_MCA_coll_tuned_allreduce_algorithm_segmentsize", "1048576", 0);
  if (!memory_is_shared()) setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
}

std::string mpi_error(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

struct MpiCollective::State {
  MPI_Comm data = MPI_COMM_NULL, control = MPI_COMM_NULL;
  int rank = 0, size = 1, local_rank = 0, local_size = 1;
  double timeout = 0;
  bool healthy = true;  ///< no wait has timed out
  std::int64_t submitted = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> queue;
  bool stop = false;
  std::thread thread;

  void loop() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stop || !queue.empty(); });
      if (queue.empty()) return;
      const std::shared_ptr<Job> job = queue.front();
      queue.pop_front();
      lock.unlock();
      const int result = job->call();
      lock.lock();
      job->result = result;
      job->done = true;
      changed.notify_all();
    }
  }

  std::shared_ptr<Job> submit(const char* operation, std::function<int()> call) {
    auto job = std::make_shared<Job>();
    const std::lock_guard lock(mutex);
    job->operation = operation;
    job->sequence = ++submitted;
    job->call = std::move(call);
    queue.push_back(job);
    changed.notify_all();
    return job;
  }

  /// Returns whether the job was done in time.
  bool done_in_time(const Job& job) {
    std::unique_lock lock(mutex);
    const bool done = changed.wait_for(lock, std::chrono::duration<double>(timeout), [&] { return job.done; });
    healthy = healthy && done;
    return done;
  }

  void wait(const Job& job) {
    runtime::Fields fields{{"operation", job.operation}, {"sequence", std::to_string(job.sequence)}};
    if (!done_in_time(job)) {
      std::array<char, 32> seconds{};
      std::snprintf(seconds.data(), seconds.size(), "%g", timeout);
      fields["seconds"] = seconds.data();
      throw Error("TimeoutOccured.collective", fields);
    }
    if (job.result == MPI_SUCCESS) return;
    healthy = false;
    fields["reason"] = mpi_error(job.result);
    throw Error("TimeoutOccured.failed", fields);
  }
};

namespace {

/// Destroyed without wait() only when an exception passes: the caller's buffer goes away, so MPI must be through with it.
class PendingMpiReduce : public runtime::PendingReduce {
 public:
  PendingMpiReduce(std::function<void()> wait, std::function<void()> settle) : wait_(std::move(wait)), settle_(std::move(settle)) {}
  ~PendingMpiReduce() override {
    if (!waited_) settle_();
  }
  void wait() override {
    if (std::exchange(waited_, true)) return;
    wait_();
  }

 private:
  std::function<void()> wait_, settle_;
  bool waited_ = false;
};

}  // namespace

MpiCollective::MpiCollective(int expected_size, double timeout) : state_(std::make_unique<State>()) {
  tune_open_mpi();
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  if (provided < MPI_THREAD_MULTIPLE) throw std::runtime_error("this MPI does not serve several threads (MPI_THREAD_MULTIPLE)");
  State& s = *state_;
  s.timeout = timeout;
  MPI_Comm_rank(MPI_COMM_WORLD, &s.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &s.size);
  if (expected_size > 0 && expected_size != s.size) {
    const int found = s.size;
    MPI_Finalize();
    throw Error("FailedToCompleteOperation.mpi_world",
                {{"wanted", std::to_string(expected_size)}, {"found", std::to_string(found)}});
  }
  MPI_Comm local = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, s.rank, MPI_INFO_NULL, &local);
  MPI_Comm_rank(local, &s.local_rank);
  MPI_Comm_size(local, &s.local_size);
  MPI_Comm_free(&local);
  MPI_Comm_dup(MPI_COMM_WORLD, &s.data);
  MPI_Comm_dup(MPI_COMM_WORLD, &s.control);
  MPI_Comm_set_errhandler(s.data, MPI_ERRORS_RETURN);
  s.thread = std::thread([&s] { s.loop(); });
  pthread_setname_np(s.thread.native_handle(), "collectives");
}

MpiCollective::~MpiCollective() {
  State& s = *state_;
  if (!s.healthy) {  // its thread hangs in a call that will not return
    s.thread.detach();
    static_cast<void>(state_.release());
    return;
  }
  {
    const std::lock_guard lock(s.mutex);
    s.stop = true;
    s.changed.notify_all();
  }
  s.thread.join();
  MPI_Comm_free(&s.data);
  MPI_Comm_free(&s.control);
  MPI_Finalize();
}

int MpiCollective::rank() const { return state_->rank; }
int MpiCollective::size() const { return state_->size; }
int MpiCollective::local_rank() const { return state_->local_rank; }
int MpiCollective::local_size() const { return state_->local_size; }

void MpiCollective::broadcast(void* data, std::size_t bytes, int root) {
  const auto job = state_->submit("broadcast", [=, comm = state_->data] {
    return in_pieces(bytes, [&](std::size_t offset, int count) {
      return MPI_Bcast(static_cast<char*>(data) + offset, count, MPI_BYTE, root, comm);
    });
  });
  state_->wait(*job);
}

std::unique_ptr<runtime::PendingReduce> MpiCollective::all_reduce_async(void* data, std::size_t count, runtime::DataType type,
                                                                        runtime::Reduction reduction) {
  const auto job = state_->submit("all-reduce", [=, comm = state_->data] {
    const datasets::Span span("all-reduce", static_cast<std::int64_t>(count * bytes_of(type)));
    return in_pieces(count, [&](std::size_t offset, int piece) {
      return MPI_Allreduce(MPI_IN_PLACE, static_cast<char*>(data) + offset * bytes_of(type), piece, mpi_type(type),
                           mpi_operation(reduction), comm);
    });
  });
  return std::make_unique<PendingMpiReduce>([this, job] { state_->wait(*job); },
                                            [this, job] {
                                              if (!state_->done_in_time(*job)) abort(kPeerLost);
                                            });
}

void MpiCollective::barrier() {
  const auto job = state_->submit("barrier", [comm = state_->data] { return MPI_Barrier(comm); });
  state_->wait(*job);
}

bool MpiCollective::meet(double seconds) {
  if (!state_->healthy) return false;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(state_->control, &request);
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (int done = 0;;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done) return true;
    if (Clock::now() > deadline) break;
    std::this_thread::sleep_for(kPollInterval);
  }
  state_->healthy = false;
  return false;
}

void MpiCollective::abort(int exit_status) {
  MPI_Abort(MPI_COMM_WORLD, exit_status);
  _exit(exit_status);
}

std::unique_ptr<runtime::Collective> join_world(const std::optional<runtime::LaunchedAs>& launched, double timeout) {
  if (!launched || launched->size == 1) return std::make_unique<runtime::WorldOfOne>();
  return std::make_unique<MpiCollective>(launched->size, timeout);
}

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  return whole.substr(0, whole.find(','));
}

}  // namespace torchport::component
