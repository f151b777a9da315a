#include "component/training/optimizer.h"

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "datasets/loading/span.h"

namespace torchport::component {

namespace {
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 1e-4;
constexpr bool kNesterov = true;
}  // namespace

Sgd::Sgd(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
  for (const auto& parameter : parameters_) momenta_.push_back(at::zeros_like(parameter));
}

void Sgd::step(double learning_rate) {
  const datasets::Span span("optimizer");
  const torch::NoGradGuard no_grad;
  gradients_.clear();
  for (const auto& parameter : parameters_) gradients_.push_back(parameter.grad());
  at::_fused_sgd_(parameters_, gradients_, momenta_, kWeightDecay, kMomentum, learning_rate, /*dampening=*/0.0, kNesterov,
                  /*maximize=*/false, /*is_first_step=*/first_);
  first_ = false;
}

}  // namespace torchport::component
