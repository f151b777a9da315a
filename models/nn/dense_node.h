// Autograd's node of a norm in a dense block, on whatever device. Made by DenseBuffer's kinds.
#pragma once
#include <torch/csrc/autograd/function.h>

namespace torchport::models {

/// Inputs: the features so far, weight, bias. Outputs: their norm and ReLU, and the features for whoever comes next.
struct DenseNode : torch::autograd::Node {
  at::Tensor features;

  void release_variables() override { features.reset(); }
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) final;

 private:
  /// `gradient` is of the norm's output, channels-last; `later` of the features, by all that came after them, in memory that may be
  /// added to, or undefined. `result` has an element for each input, where task_should_compute_output asks for it.
  virtual void backward(at::Tensor gradient, at::Tensor later, torch::autograd::variable_list& result) = 0;
};

}  // namespace torchport::models
