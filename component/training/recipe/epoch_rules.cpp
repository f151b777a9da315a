#include "component/training/recipe/epoch_rules.h"

#include "runtime/text/format.h"

namespace torchport::component {

bool BestEpoch::offer(std::int64_t epoch, double top1, double loss) {
  const bool higher = top1 > top1_, lower = loss < loss_;
  const bool better = first_ == EpochMetric::top1 ? higher || (top1 == top1_ && lower) : lower || (loss == loss_ && higher);
  if (epoch_ > 0 && !better) return false;
  epoch_ = epoch;
  top1_ = top1;
  loss_ = loss;
  return true;
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

bool EarlyStop::after(double top1, double loss) {
  const double now = rule_.metric == EpochMetric::loss ? loss : -top1;
  const bool progress = now < before_ - rule_.min_delta;
  without_progress_ = progress ? 0 : without_progress_ + 1;
  if (progress || !rule_.against_best) before_ = now;
  return without_progress_ >= rule_.patience;
}

std::string EarlyStop::why() const {
  const bool by_loss = rule_.metric == EpochMetric::loss;
  return std::string(by_loss ? "the validation loss was not " : "top-1 was not ") +
         (rule_.min_delta > 0 ? "more than " + runtime::formatted("%g", rule_.min_delta) + " " : "") +
         (by_loss ? "below the " : "above the ") + (rule_.against_best ? "best epoch's" : "previous epoch's") + " for " +
         std::to_string(rule_.patience) + " consecutive epochs";
}

void EarlyStop::write(TrainingState& state) const {
  state.set("early_stop.without_progress", without_progress_);
  state.set("early_stop.before", before_);
}

void EarlyStop::read(const TrainingState& state) {
  without_progress_ = state.integer("early_stop.without_progress");
  before_ = state.real("early_stop.before");
}

}  // namespace torchport::component
