// Convolutions of bfloat16 activations where the CPU multiplies float32 numbers faster.
#pragma once
#include <torch/nn/modules/conv.h>

namespace torchport::models {

/// Whether that is so for x: bfloat16 under autocast, on such a CPU.
bool wants_float_products(const at::Tensor& x);

/// What a convolution of float32 weights (one of convolution()) gives for bfloat16 x, computed in float32 and then rounded, as its
/// gradient of x is. No float32 copy is kept for the backward pass. The gradient cannot be differentiated again.
at::Tensor convolve_by_float_products(const torch::nn::Conv2d& convolution, const at::Tensor& x);

}  // namespace torchport::models
