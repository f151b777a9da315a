// The two decisions after each epoch: whether its weights are the best so far, and whether training stops early.
// Called by the trainer and by KeptWeights.
#pragma once
#include <cstdint>
#include <limits>
#include <string>

#include "component/training/state.h"

namespace torchport::component {

/// What the rules go by, of the validation.
enum class EpochMetric { loss, top1 };

/// The best epoch: higher validation top-1, then lower validation loss, then the earlier one; or by the loss first and top-1
/// second.
class BestEpoch {
 public:
  explicit BestEpoch(EpochMetric first) : first_(first) {}
  /// Returns whether `epoch` (1-based) is the best so far.
  bool offer(std::int64_t epoch, double top1, double loss);
  std::int64_t epoch() const { return epoch_; }
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const EpochMetric first_;
  std::int64_t epoch_ = 0;
  double top1_ = 0, loss_ = 0;
};

struct StopRule {
  std::int64_t patience;  ///< epochs
  EpochMetric metric;
  bool against_best;  ///< of all epochs up to then that were progress themselves; else the previous epoch, as the original
  double min_delta;   ///< by more than this the metric must be better: less for the loss, more for top-1
};

/// Stops when the metric was not better than before for `patience` consecutive epochs.
class EarlyStop {
 public:
  explicit EarlyStop(const StopRule& rule) : rule_(rule) {}
  /// Takes the figures of the epoch that just ended; returns whether to stop now.
  bool after(double top1, double loss);
  /// Why it stopped: "the validation loss was not below the previous epoch's for 3 consecutive epochs".
  std::string why() const;
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const StopRule rule_;
  std::int64_t without_progress_ = 0;
  double before_ = std::numeric_limits<double>::max();  // the loss, or -top1; before the first epoch anything is progress
};

}  // namespace torchport::component
