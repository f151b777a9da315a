// SGD as the original configures it: momentum 0.9, Nesterov, weight decay 1e-4 on all parameters (docs/contract.md, "Optimizer"),
// or on all but norms and biases.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace torchport::component {

/// Same arithmetic as torch.optim.SGD(fused=True). The momentum buffers are its only state.
class Sgd {
 public:
  /// Without `norm_weight_decay` only parameters of two dimensions and more decay: the weights of convolutions and linear layers.
  explicit Sgd(const std::vector<at::Tensor>& parameters, bool norm_weight_decay = true);
  /// One update from the parameters' gradients.
  void step(double learning_rate);

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<at::Tensor> parameters, gradients, momenta;
  };
  std::vector<Group> groups_;
  bool first_ = true;
};

}  // namespace torchport::component
