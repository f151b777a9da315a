// The features of a dense block (Huang et al., arXiv 1608.06993): each layer reads all of them and adds a few. Used by
// models/architectures/densenet.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <memory>
#include <vector>

#include "models/nn/dense_buffer.h"

namespace torchport::models {

/// Where fused kernels can work, the features lie side by side in one channels-last buffer: nothing is concatenated, the statistics
/// of a channel are taken once for all norms that see it, and the backward pass adds all gradients up in one buffer too. Elsewhere
/// they are a list that each norm concatenates.
class DenseFeatures {
 public:
  /// Starts with x [N, C, H, W]. `channels`: how many there will be at last. `one_buffer`: whether a buffer may be used.
  DenseFeatures(const at::Tensor& x, std::int64_t channels, bool one_buffer);

  /// Adds features [N, more channels, H, W].
  void append(const at::Tensor& features);
  /// relu(norm(all features so far)), dense.
  at::Tensor norm_relu(torch::nn::BatchNorm2d& norm);
  /// The features as they came. \pre not one_buffer
  const std::vector<at::Tensor>& list() const { return list_; }

 private:
  std::vector<at::Tensor> list_;
  std::unique_ptr<DenseBuffer> buffer_;  // null: the list is used
};

}  // namespace torchport::models
