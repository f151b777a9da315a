#include "models/nn/recompute.h"

#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include "models/nn/autocast.h"
#include "models/nn/cpu/fused_node.h"
#include "models/nn/random_key.h"

namespace torchport::models {
namespace {

using Function = std::function<at::Tensor(const std::vector<at::Tensor>&)>;
using torch::autograd::SavedVariable;

// torch::autograd::Function takes no lists of tensors, hence a node of our own.
struct CheckpointNode final : torch::autograd::Node {
  Function function;
  std::vector<SavedVariable> inputs;
  std::vector<at::Tensor> parameters;
  bool autocast = false;
  at::Tensor key;  // of this pass: what is drawn again is the same

  std::string name() const override { return "torchport::CheckpointNode"; }
  void release_variables() override { inputs.clear(); }

  // Gradients of the inputs, then of the parameters; undefined where the graph does not ask for one.
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    torch::autograd::variable_list result(num_outputs());
    if (!gradients.at(0).defined()) return result;
    TORCH_CHECK(!inputs.empty(), "backward through a checkpoint a second time: its inputs have been freed");

    at::AutoGradMode with_graph(true);
    std::vector<at::Tensor> again, wanted;
    std::vector<std::size_t> place;
    const auto want = [&](const at::Tensor& tensor, std::size_t i) {
      if (!task_should_compute_output(i)) return;
      wanted.push_back(tensor);
      place.push_back(i);
    };
    for (const SavedVariable& saved : inputs) {
      again.push_back(saved.unpack().detach());
      if (again.back().is_floating_point()) again.back().requires_grad_(true);
      want(again.back(), again.size() - 1);
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) want(parameters[i], inputs.size() + i);
    if (wanted.empty()) return result;

    at::Tensor output;
    {
      const AutocastScope as_before(again.front().device().type(), autocast);
      const RandomKeyScope drawn_as_before(key);
      output = function(again);
    }
    const auto found = torch::autograd::grad({output}, wanted, {gradients[0]});
    for (std::size_t i = 0; i < found.size(); ++i) result[place[i]] = found[i];
    return result;
  }
};

}  // namespace

at::Tensor checkpoint(Function function, const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& parameters) {
  torch::autograd::variable_list sources = inputs;
  sources.insert(sources.end(), parameters.begin(), parameters.end());
  if (!wants_gradient(sources)) return function(inputs);

  auto node = make_node<CheckpointNode>(sources);
  for (const at::Tensor& input : inputs) node->inputs.emplace_back(input, /*is_output=*/false);
  node->parameters = parameters;
  node->autocast = AutocastScope::enabled(inputs.front().device().type());
  node->key = RandomKeyScope::current();

  at::Tensor output;
  {
    at::NoGradGuard forget;
    output = function(inputs);
  }
  node->function = std::move(function);
  torch::autograd::set_history(output, node);
  return output;
}

}  // namespace torchport::models
