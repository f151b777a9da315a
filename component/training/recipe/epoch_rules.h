// The two decisions after each epoch: whether its weights are the best so far, and whether training stops early.
// Called by the trainer and by KeptWeights.
#pragma once
#include <cstdint>
#include <limits>

#include "component/training/state.h"

namespace torchport::component {

/// The best epoch: higher validation top-1, then lower validation loss, then the earlier one.
class BestEpoch {
 public:
  /// Returns whether `epoch` (1-based) is the best so far.
  bool offer(std::int64_t epoch, double top1, double loss);
  std::int64_t epoch() const { return epoch_; }
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  std::int64_t epoch_ = 0;
  double top1_ = 0, loss_ = 0;
};

/// Stops when the validation loss was not below the previous epoch's for `patience` consecutive epochs.
class EarlyStop {
 public:
  explicit EarlyStop(std::int64_t patience) : patience_(patience) {}
  /// Takes the loss of the epoch that just ended; returns whether to stop now.
  bool after(double validation_loss);
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const std::int64_t patience_;
  std::int64_t without_progress_ = 0;
  double previous_ = std::numeric_limits<double>::max();  // before the first epoch: any loss is progress
};

}  // namespace torchport::component
