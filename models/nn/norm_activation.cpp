#include "models/nn/norm_activation.h"

#include <utility>

#include <ATen/ops/max_pool2d.h>

#include "models/nn/cpu/fused_norm.h"
#include "models/nn/cpu/fused_pool.h"

namespace torchport::models {
namespace {
thread_local bool unfused = false;
}  // namespace

UnfusedScope::UnfusedScope() : before_(std::exchange(unfused, true)) {}
UnfusedScope::~UnfusedScope() { unfused = before_; }
bool UnfusedScope::active() { return unfused; }

at::Tensor norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  return can_fuse(norm, x, shortcut) ? fused_norm_relu(norm, x, shortcut) : unfused_norm_relu(norm, x, shortcut);
}

at::Tensor norm_only(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  return can_fuse(norm, x) ? fused_norm(norm, x) : norm->forward(x);
}

at::Tensor norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (can_fuse(norm, x)) return fused_norm_relu_max_pool(norm, x);
  return at::max_pool2d(unfused_norm_relu(norm, x), 3, 2, 1);
}

at::Tensor unfused_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  // Batch norm's backward needs its input, not its output: what follows may overwrite that.
  at::Tensor y = norm->forward(x);
  if (shortcut.defined()) y.add_(shortcut);
  return y.relu_();
}

}  // namespace torchport::models
