// Sums of tensors on the host by MPI_Allreduce. Made by MpiControl::reducer().
#pragma once
#include "component/collectives/mpi_queue.h"
#include "component/collectives/reducer.h"

namespace torchport::component {

class MpiReducer : public Reducer {
 public:
  /// `communicator` is an MPI_Comm, whose calls all go by `queue`. A sum keeps its tensor until MPI is through with it.
  MpiReducer(MpiQueue& queue, void* communicator, int size) : queue_(queue), communicator_(communicator), size_(size) {}
  int size() const override { return size_; }
  /// \pre `flat` is float32 or float64, contiguous, and lies on the host
  std::unique_ptr<PendingSum> sum(const at::Tensor& flat) override;

 private:
  MpiQueue& queue_;
  void* communicator_;
  int size_;
};

}  // namespace torchport::component
