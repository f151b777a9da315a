#include "component/training/recipe/epoch_rules.h"

namespace torchport::component {

bool BestEpoch::offer(std::int64_t epoch, double top1, double loss) {
  const bool better = epoch_ == 0 || top1 > top1_ || (top1 == top1_ && loss < loss_);
  if (better) {
    epoch_ = epoch;
    top1_ = top1;
    loss_ = loss;
  }
  return better;
}

bool EarlyStop::after(double validation_loss) {
  if (previous_) without_progress_ = validation_loss >= *previous_ ? without_progress_ + 1 : 0;
  previous_ = validation_loss;
  return without_progress_ >= patience_;
}

}  // namespace torchport::component
