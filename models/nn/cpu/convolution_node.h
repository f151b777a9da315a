// What the nodes of our own convolutions have in common in autograd's graph.
#pragma once
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>

#include "models/nn/cpu/fused_node.h"

namespace torchport::models {

/// A map or filters of these sizes, [images or filters, channels, height, width], not yet filled.
inline at::Tensor channels_last(at::IntArrayRef sizes, at::ScalarType type) {
  return at::empty(sizes, at::TensorOptions(type).memory_format(at::MemoryFormat::ChannelsLast));
}

/// Inputs: x, weight.
struct ConvolutionNode : FusedNode {
  torch::autograd::SavedVariable x, weight;

  void release_variables() override {
    x.reset_data();
    weight.reset_data();
  }
};

/// Tells autograd that y came from x and weight; nothing, and no node, where nobody may want a gradient.
template <class NodeType>
std::shared_ptr<NodeType> set_convolution_history(const at::Tensor& y, const at::Tensor& x, const at::Tensor& weight) {
  if (!wants_gradient({x, weight})) return nullptr;
  auto node = make_node<NodeType>({x, weight});
  node->x = torch::autograd::SavedVariable(x, /*is_output=*/false);
  node->weight = torch::autograd::SavedVariable(weight, /*is_output=*/false);
  torch::autograd::set_history(y, node);
  return node;
}

}  // namespace torchport::models
