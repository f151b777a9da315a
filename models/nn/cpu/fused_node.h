// What the nodes of fused layers have in common in autograd's graph.
#pragma once
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <vector>

namespace torchport::models {

/// Whether a backward pass may ask for the gradient of one of them.
bool wants_gradient(const std::vector<at::Tensor>& sources);

/// \throws std::logic_error in a backward pass whose result is to be differentiated again
void refuse_double_backward();

/// A node of one output, whose backward pass cannot be differentiated again.
struct FusedNode : torch::autograd::Node {
  /// `gradient` is of the output and defined; `result` has an element for each input, where task_should_compute_output asks for it.
  virtual void backward(at::Tensor gradient, torch::autograd::variable_list& result) = 0;

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) final {
    torch::autograd::variable_list result(num_outputs());
    if (!gradients.at(0).defined()) return result;
    refuse_double_backward();
    backward(std::move(gradients[0]), result);
    return result;
  }
};

/// A node whose inputs are the `sources`.
template <class NodeType>
std::shared_ptr<NodeType> make_node(const torch::autograd::variable_list& sources) {
  auto node = std::shared_ptr<NodeType>(new NodeType, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(sources));
  return node;
}

}  // namespace torchport::models
