// Which weights come out of a training: the best epoch's or the last one's, and the average's in their place where one is kept.
// Called by the trainer around each validation and at the end.
#pragma once
#include <optional>
#include <vector>

#include "component/training/recipe/epoch_rules.h"
#include "component/training/recipe/weight_average.h"
#include "component/training/state.h"

namespace torchport::component {

class KeptWeights {
 public:
  /// `ema_decay` 0: no average. `best_by`: what BestEpoch goes by first. `copies`: whether the best epoch's weights are copied
  /// here, which one rank needs to do. `network` must outlive this.
  KeptWeights(models::ClassifierModule& network, double ema_decay, bool keep_best, EpochMetric best_by, bool copies);
  /// What the updates feed, or null.
  WeightAverage* average() { return average_ ? &*average_ : nullptr; }
  /// The average, where there is one, and the network's weights change places: before what is validated, and after.
  void exchange();
  /// Takes the outcome of the epoch (1-based) whose weights the network now holds.
  void offer(std::int64_t epoch, double top1, double loss);
  /// At the end: the network's weights become those that come out. Returns their epoch. `last`: the last epoch that was offered.
  std::int64_t choose(std::int64_t last);
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const bool keep_best_, copies_;
  std::vector<at::Tensor> weights_;  // the network's parameters and buffers
  std::optional<WeightAverage> average_;
  BestEpoch best_;
  std::vector<at::Tensor> best_weights_;
};

}  // namespace torchport::component
