// The one place where batch norm, the addition of a shortcut and ReLU meet: every architecture calls it, so that a fused kernel is
// a filling of this function and not a rewrite of the networks.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

namespace torchport::models {

/// relu(norm(x)), or relu(norm(x) + shortcut) where a shortcut is given.
at::Tensor norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});

}  // namespace torchport::models
