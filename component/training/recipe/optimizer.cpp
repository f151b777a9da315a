#include "component/training/recipe/optimizer.h"

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full_like.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "datasets/trace.h"

namespace torchport::component {

namespace {
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 1e-4;
constexpr bool kNesterov = true;
}  // namespace

// Momenta begin as -0.0: 0.9 * -0.0 + gradient is the gradient in all its bits, -0.0 included, which is what the first step of
// torch.optim.SGD takes for the momentum. So no step is a special one.
Sgd::Sgd(const std::vector<at::Tensor>& parameters, bool norm_weight_decay) {
  Group decaying, kept;
  decaying.weight_decay = kWeightDecay;
  for (const auto& parameter : parameters) {
    Group& group = norm_weight_decay || parameter.dim() > 1 ? decaying : kept;
    group.parameters.push_back(parameter);
    group.momenta.push_back(momenta_.emplace_back(at::full_like(parameter.detach(), -0.0)));
  }
  for (Group* group : {&decaying, &kept}) {
    if (!group->parameters.empty()) groups_.push_back(std::move(*group));
  }
}

void Sgd::step(const at::Tensor& learning_rate, const at::Tensor& found_inf) {
  const datasets::Span span("optimizer");
  const torch::NoGradGuard no_grad;
  for (auto& group : groups_) {
    group.gradients.clear();
    for (const auto& parameter : group.parameters) group.gradients.push_back(parameter.grad());
    at::_fused_sgd_(group.parameters, group.gradients, group.momenta, group.weight_decay, kMomentum, learning_rate,
                    /*dampening=*/0.0, kNesterov, /*maximize=*/false, /*is_first_step=*/false, /*grad_scale=*/{}, found_inf);
  }
}

void Sgd::write(TrainingState& state) const { state.set("optimizer.momentum", momenta_); }
void Sgd::read(const TrainingState& state) { state.copy_to("optimizer.momentum", momenta_); }

}  // namespace torchport::component
