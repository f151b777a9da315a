#include "component/collectives/mpi_reducer.h"

#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "datasets/trace.h"

namespace torchport::component {
namespace {

constexpr std::int64_t kElementsPerCall = std::int64_t{1} << 28;  ///< MPI counts in int: larger tensors go in pieces

/// Destroyed without wait() only when an exception passes: the caller's memory goes away, so MPI must be through with it.
class PendingMpiSum : public PendingSum {
 public:
  PendingMpiSum(MpiQueue& queue, std::shared_ptr<MpiQueue::Job> job, const std::function<void()>& abort)
      : queue_(queue), job_(std::move(job)), abort_(abort) {}
  ~PendingMpiSum() override {
    if (!waited_ && !queue_.done_in_time(*job_)) abort_();
  }
  void wait() override {
    if (!std::exchange(waited_, true)) queue_.wait(*job_);
  }

 private:
  MpiQueue& queue_;
  std::shared_ptr<MpiQueue::Job> job_;
  const std::function<void()>& abort_;
  bool waited_ = false;
};

}  // namespace

MpiReducer::MpiReducer(MpiQueue& queue, void* communicator, int size, std::function<void()> abort)
    : queue_(queue), communicator_(communicator), size_(size), abort_(std::move(abort)) {}

std::unique_ptr<PendingSum> MpiReducer::sum(const at::Tensor& flat) {
  const bool is_float = flat.scalar_type() == at::kFloat;
  if (!flat.device().is_cpu() || !flat.is_contiguous() || (!is_float && flat.scalar_type() != at::kDouble))
    throw std::logic_error("MpiReducer: the tensor is not contiguous float32 or float64 on the host");
  auto* const data = static_cast<char*>(flat.mutable_data_ptr());
  const std::int64_t count = flat.numel();
  auto job = queue_.submit("all-reduce", [data, count, is_float, communicator = static_cast<MPI_Comm>(communicator_)] {
    const std::int64_t size = is_float ? sizeof(float) : sizeof(double);
    const datasets::Span span("all-reduce", count * size);
    int result = MPI_SUCCESS;
    for (std::int64_t done = 0; done < count && result == MPI_SUCCESS; done += kElementsPerCall) {
      result = MPI_Allreduce(MPI_IN_PLACE, data + done * size, static_cast<int>(std::min(kElementsPerCall, count - done)),
                             is_float ? MPI_FLOAT : MPI_DOUBLE, MPI_SUM, communicator);
    }
    return result;
  });
  return std::make_unique<PendingMpiSum>(queue_, std::move(job), abort_);
}

}  // namespace torchport::component
