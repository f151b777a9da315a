// Batch norm over the batches of all ranks (synchronised batch norm, as torch.nn.SyncBatchNorm): each step's mean and variance are
// those of the whole batch, and so are its gradients. Opened by the training's step; asked by norm_activation.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <functional>

namespace torchport::models {

/// Replaces a contiguous float64 tensor on the host by its sum over all ranks, which call it in the same order.
using SumOverRanks = std::function<void(const at::Tensor& values)>;

/// While one lives, batch norms of this thread that train take their statistics over all ranks, in the forward pass and in the
/// backward pass, and no norm is fused with what follows it.
class SyncNormScope {
 public:
  /// `sum` must outlive the scope and the backward pass of what was computed in it; null: a scope that changes nothing.
  explicit SyncNormScope(const SumOverRanks* sum);
  ~SyncNormScope();
  SyncNormScope(const SyncNormScope&) = delete;
  SyncNormScope& operator=(const SyncNormScope&) = delete;
  static const SumOverRanks* current();
  /// Whether one lives and `norm` is to take a batch's statistics.
  static bool synchronises(const torch::nn::BatchNorm2d& norm);

 private:
  const SumOverRanks* before_;
};

/// norm(x) over all ranks. All ranks must call it, each with an image or more.
/// The gradient cannot be differentiated again. \pre SyncNormScope::synchronises(norm)
at::Tensor synchronised_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

}  // namespace torchport::models
