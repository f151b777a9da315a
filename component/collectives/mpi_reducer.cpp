#include "component/collectives/mpi_reducer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "component/collectives/mpi_calls.h"
#include "datasets/trace.h"

namespace torchport::component {
namespace {

constexpr std::int64_t kElementsPerCall = std::int64_t{1} << 28;  ///< MPI counts in int: larger tensors go in pieces

class PendingMpiSum : public PendingSum {
 public:
  PendingMpiSum(MpiQueue& queue, std::shared_ptr<MpiQueue::Job> job) : queue_(queue), job_(std::move(job)) {}
  void wait() override { queue_.wait(*job_); }

 private:
  MpiQueue& queue_;
  std::shared_ptr<MpiQueue::Job> job_;
};

}  // namespace

std::unique_ptr<PendingSum> MpiReducer::sum(const at::Tensor& flat) {
  const bool is_float = flat.scalar_type() == at::kFloat;
  if (!flat.device().is_cpu() || !flat.is_contiguous() || (!is_float && flat.scalar_type() != at::kDouble))
    throw std::logic_error("MpiReducer: the tensor is not contiguous float32 or float64 on the host");
  const std::int64_t size = flat.element_size();
  const Announcement announcement{Collective::all_reduce, static_cast<std::int64_t>(flat.nbytes()), size};
  auto job = queue_.submit(announcement, [flat, size, communicator = communicator_] {
    auto* const data = static_cast<char*>(flat.mutable_data_ptr());
    const std::int64_t count = flat.numel();
    const datasets::Span span("all-reduce", count * size);
    int result = mpi::kSuccess;
    for (std::int64_t done = 0; done < count && result == mpi::kSuccess; done += kElementsPerCall) {
      result = mpi::calls().all_reduce(data + done * size, static_cast<int>(std::min(kElementsPerCall, count - done)),
                                       size == sizeof(float) ? mpi::Number::float32 : mpi::Number::float64, mpi::Reduction::sum,
                                       communicator);
    }
    return result;
  });
  return std::make_unique<PendingMpiSum>(queue_, std::move(job));
}

}  // namespace torchport::component
