// SGD as the original configures it: momentum 0.9, Nesterov, weight decay 1e-4 on all parameters (docs/contract.md, "Optimizer"),
// or on all but norms and biases. Called by TrainingStep.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "component/training/state.h"

namespace torchport::component {

/// Same arithmetic as torch.optim.SGD(fused=True). The momentum buffers are its only state.
class Sgd {
 public:
  /// Without `norm_weight_decay` only parameters of two dimensions and more decay: the weights of convolutions and linear layers.
  explicit Sgd(const std::vector<at::Tensor>& parameters, bool norm_weight_decay = true);
  /// One update from the parameters' gradients, unless `found_inf` (float32, 0-dimensional, where the parameters are) is 1: then
  /// weights and momenta stay as they are. `learning_rate` as Device::number() makes it.
  void step(const at::Tensor& learning_rate, const at::Tensor& found_inf);
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<at::Tensor> parameters, gradients, momenta;
  };
  std::vector<at::Tensor> momenta_;  // in the parameters' order; the groups' are the same tensors
  std::vector<Group> groups_;
};

}  // namespace torchport::component
