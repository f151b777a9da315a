// SGD as the original configures it: momentum 0.9, Nesterov, weight decay 1e-4 on all parameters (docs/contract.md, "Optimizer").
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace torchport::component {

/// Same arithmetic as torch.optim.SGD(fused=True). The momentum buffers are its only state.
class Sgd {
 public:
  explicit Sgd(std::vector<at::Tensor> parameters);
  /// One update from the parameters' gradients.
  void step(double learning_rate);

 private:
  std::vector<at::Tensor> parameters_, gradients_, momenta_;
  bool first_ = true;
};

}  // namespace torchport::component
