// The stem of ResNet and DenseNet: batch norm + ReLU + max-pool of channels-last activations, without the image between them.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

namespace torchport::models {

/// max_pool2d(relu(norm(x)), 3, 2, 1), with gradients and running statistics as fused_norm_relu has them. \pre can_fuse(norm, x)
at::Tensor fused_norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

}  // namespace torchport::models
