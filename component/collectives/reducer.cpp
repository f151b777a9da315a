#include "component/collectives/reducer.h"

#include <stdexcept>

#include "component/collectives/mpi.h"

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

}  // namespace torchport::component
