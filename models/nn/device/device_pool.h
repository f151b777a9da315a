// The stem of ResNet and DenseNet on a device: batch norm + ReLU + max-pool, without the image between them, as
// models/nn/cpu/fused_pool.h has it on the CPU. Called by models/nn/norm_activation.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

namespace torchport::models {

/// max_pool2d(relu(norm(x)), 3, 2, 1), with gradients and running statistics as device_norm_relu has them.
/// \pre can_fuse_on_device(norm, x)
at::Tensor device_norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

}  // namespace torchport::models
