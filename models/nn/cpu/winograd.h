// 3 x 3 convolutions by Winograd's minimal filtering: the same result but for rounding, in about half the time.
#pragma once
#include <torch/nn/modules/conv.h>

namespace torchport::models {

/// Whether winograd_convolution can take this convolution (one of convolution()) of x and would be faster: float32 (or bfloat16
/// that wants_float_products, float_products.h) in channels-last, 3 x 3 with stride 1, in maps that tiles of 4 x 4 fit.
bool can_use_winograd(const torch::nn::Conv2d& convolution, const at::Tensor& x);

/// What the convolution gives, with its gradients; relative to the largest value, errors are around 2e-6 (a direct convolution's:
/// 3e-7).
at::Tensor winograd_convolution(const torch::nn::Conv2d& convolution, const at::Tensor& x);

}  // namespace torchport::models
