#include "models/nn/norm_activation.h"

#include <utility>

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/max_pool2d.h>
#include <c10/core/GradMode.h>
#include <torch/nn/functional/batchnorm.h>

#include "models/nn/cpu/fused_norm.h"
#include "models/nn/cpu/fused_pool.h"
#include "models/nn/device/device_norm.h"
#include "models/nn/device/device_pool.h"
#include "models/nn/sync_norm.h"

namespace torchport::models {
namespace {
thread_local bool unfused = false;
thread_local std::vector<at::Tensor>* uncounted = nullptr;  // of the innermost CountedTogether

// norm(x), as the module's forward(), except that its counter may wait.
at::Tensor plain_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (SyncNormScope::synchronises(norm)) return synchronised_norm(norm, x);
  const auto momentum = norm->options.momentum();  // where there is none, the counter decides what a batch weighs
  if (!uncounted || !norm->is_training() || !norm->running_mean.defined() || !momentum) return norm->forward(x);
  count_batch(norm);
  return torch::nn::functional::detail::batch_norm(x, norm->running_mean, norm->running_var, norm->weight, norm->bias,
                                                   /*training=*/true, *momentum, norm->options.eps());
}
}  // namespace

void count_batch(torch::nn::BatchNorm2d& norm) {
  if (uncounted) {
    uncounted->push_back(norm->num_batches_tracked);
  } else {
    const at::NoGradGuard values_only;
    norm->num_batches_tracked.add_(1);
  }
}

CountedTogether::CountedTogether() : outer_(std::exchange(uncounted, &counters_)) {}
CountedTogether::~CountedTogether() {
  uncounted = outer_;
  const at::NoGradGuard values_only;
  if (!counters_.empty()) at::_foreach_add_(counters_, 1);
}

UnfusedScope::UnfusedScope() : before_(std::exchange(unfused, true)) {}
UnfusedScope::~UnfusedScope() { unfused = before_; }
bool UnfusedScope::active() { return unfused; }

at::Tensor norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  if (SyncNormScope::synchronises(norm)) return unfused_norm_relu(norm, x, shortcut);
  if (can_fuse(norm, x, shortcut)) return fused_norm_relu(norm, x, shortcut);
  return can_fuse_on_device(norm, x, shortcut) ? device_norm_relu(norm, x, shortcut) : unfused_norm_relu(norm, x, shortcut);
}

at::Tensor norm_only(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (SyncNormScope::synchronises(norm)) return synchronised_norm(norm, x);
  if (can_fuse(norm, x)) return fused_norm(norm, x);
  return can_fuse_on_device(norm, x) ? device_norm(norm, x) : plain_norm(norm, x);
}

at::Tensor norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  const bool alone = !SyncNormScope::synchronises(norm);
  if (alone && can_fuse(norm, x)) return fused_norm_relu_max_pool(norm, x);
  if (alone && can_fuse_on_device(norm, x)) return device_norm_relu_max_pool(norm, x);
  return at::max_pool2d(unfused_norm_relu(norm, x), 3, 2, 1);
}

at::Tensor unfused_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  // Batch norm's backward needs its input, not its output: what follows may overwrite that.
  at::Tensor y = plain_norm(norm, x);
  if (shortcut.defined()) y.add_(shortcut);
  return y.relu_();
}

}  // namespace torchport::models
