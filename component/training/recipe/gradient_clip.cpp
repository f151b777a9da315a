#include "component/training/recipe/gradient_clip.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "datasets/trace.h"

namespace torchport::component {

namespace {
constexpr double kNoDivisionByZero = 1e-6;  // torch's
}  // namespace

at::Tensor clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm) {
  const datasets::Span span("clip");
  const torch::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters) gradients.push_back(parameter.grad());
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  const at::Tensor factor = (max_norm / (norm + kNoDivisionByZero)).clamp_max(1);
  at::_foreach_mul_(gradients, factor);
  return factor.lt(1).to(at::kFloat);
}

}  // namespace torchport::component
