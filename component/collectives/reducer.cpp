#include "component/collectives/reducer.h"

#include <stdexcept>

#include "component/collectives/mpi.h"
#include "component/collectives/nccl_log.h"
#include "component/collectives/nccl_reducer.h"
#include "component/cuda/module.h"

namespace torchport::component {
namespace {

class Done : public PendingSum {
 public:
  void wait() override {}
};

}  // namespace

std::unique_ptr<PendingSum> ReducerOfOne::sum(const at::Tensor&) { return std::make_unique<Done>(); }

std::unique_ptr<Reducer> make_reducer(runtime::Control& control) {
  if (control.size() == 1) return std::make_unique<ReducerOfOne>();
  if (auto* const world = dynamic_cast<MpiControl*>(&control)) return world->reducer();
  throw std::logic_error("make_reducer: a world of several ranks that is not MPI's");
}

std::unique_ptr<Reducer> make_reducer(runtime::Control& control, Device& device, const std::filesystem::path& run_dir,
                                      runtime::Log& log) {
  if (device.is_host() || control.size() == 1) return make_reducer(control);
  auto* const world = dynamic_cast<MpiControl*>(&control);
  if (world == nullptr) throw std::logic_error("make_reducer: GPUs of several ranks that are not MPI's");
  auto reducer = std::make_unique<NcclReducer>(cuda::plugin(), device.where(), *world, *world, nccl_log(run_dir, control.rank()));
  device.wait_by([of = reducer.get()] { return of->waiter(); });
  tell_of_nccl(*reducer, control, log);
  return reducer;
}

}  // namespace torchport::component
