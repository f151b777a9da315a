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

void BestEpoch::write(TrainingState& state) const {
  state.set("best.epoch", epoch_);
  state.set("best.top1", top1_);
  state.set("best.loss", loss_);
}

void BestEpoch::read(const TrainingState& state) {
  epoch_ = state.integer("best.epoch");
  top1_ = state.real("best.top1");
  loss_ = state.real("best.loss");
}

bool EarlyStop::after(double validation_loss) {
  without_progress_ = validation_loss >= previous_ ? without_progress_ + 1 : 0;
  previous_ = validation_loss;
  return without_progress_ >= patience_;
}

void EarlyStop::write(TrainingState& state) const {
  state.set("early_stop.without_progress", without_progress_);
  state.set("early_stop.previous", previous_);
}

void EarlyStop::read(const TrainingState& state) {
  without_progress_ = state.integer("early_stop.without_progress");
  previous_ = state.real("early_stop.previous");
}

}  // namespace torchport::component
