// An exponential moving average of a network's weights, as torchvision's ExponentialMovingAverage (references/classification): of
// batch-norm statistics too, while counters are copied. Fed by TrainingStep after each change of the weights.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "component/training/state.h"
#include "models/nn/classifier.h"

namespace torchport::component {

class WeightAverage {
 public:
  /// Holds a copy of all parameters and buffers of `network`, which must outlive it.
  WeightAverage(const models::ClassifierModule& network, double decay);
  /// average = decay * average + (1 - decay) * weights. The first time, while `warming_up`, and the first time after that,
  /// average = weights. Where `found_inf` (float32, 0-dimensional, where the weights are) is 1 the average of the weights stays;
  /// that of statistics and counters may not: a training does not go on from there.
  void update(bool warming_up, const at::Tensor& found_inf);
  /// Whether the next update() adds to the average: after one while not warming up.
  bool begun() const { return begun_; }
  void set_begun(bool begun) { begun_ = begun; }
  /// The network's weights and their average change places.
  void exchange();
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  std::vector<at::Tensor> weights_, averages_;        // floating-point
  std::vector<at::Tensor> counters_, kept_counters_;  // integers
  double decay_;
  bool begun_ = false;
};

}  // namespace torchport::component
