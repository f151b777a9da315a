// The one place where batch norm, the addition of a shortcut and ReLU meet: every architecture calls it, so that a fused kernel is
// a filling of this function and not a rewrite of the networks.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <vector>

namespace torchport::models {

/// relu(norm(x)), or relu(norm(x) + shortcut) where a shortcut is given: fused where can_fuse (cpu/fused_norm.h)
/// or can_fuse_on_device (device/device_norm.h) allows it.
at::Tensor norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});

/// The same, operation by operation: for all other types, layouts and devices, and what the fused one is tested against.
at::Tensor unfused_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});

/// norm(x): a projected shortcut's. Fused likewise.
at::Tensor norm_only(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

/// max_pool2d(relu(norm(x)), 3, 2, 1): the stem's. Fused likewise.
at::Tensor norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

/// Advances the counter of a norm that takes a batch's statistics on a device, or operation by operation.
void count_batch(torch::nn::BatchNorm2d& norm);

/// While one lives, such norms of this thread do not advance their counters (num_batches_tracked); its
/// end advances all of them in one operation, where a device would else start a kernel for each. Opened around a forward pass.
class CountedTogether {
 public:
  CountedTogether();
  ~CountedTogether();
  CountedTogether(const CountedTogether&) = delete;
  CountedTogether& operator=(const CountedTogether&) = delete;

 private:
  std::vector<at::Tensor> counters_;
  std::vector<at::Tensor>* outer_;
};

/// While one lives, this thread's norm_relu and its like work operation by operation: for tests and benches that compare.
class UnfusedScope {
 public:
  UnfusedScope();
  ~UnfusedScope();
  UnfusedScope(const UnfusedScope&) = delete;
  UnfusedScope& operator=(const UnfusedScope&) = delete;
  static bool active();

 private:
  bool before_;
};

}  // namespace torchport::models
