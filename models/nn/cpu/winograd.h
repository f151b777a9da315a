// 3 x 3 convolutions by Winograd's minimal filtering: the same result but for rounding, in about half the time.
#pragma once
#include <torch/nn/modules/conv.h>

namespace torchport::models {

/// Whether winograd_convolution can take this convolution (one of convolution()) of x and would be faster: float32 in
/// channels-last, 3 x 3 with stride 1, in maps that tiles of 4 x 4 fit.
bool can_use_winograd(const torch::nn::Conv2d& convolution, const at::Tensor& x);

/// How the points are multiplied: by blocks of tiles that stay in a core's cache, which takes a function that LibTorch does not
/// promise (at::native::cpublas::brgemm), or by at::bmm. `blocks` is only there where the build found that function.
enum class WinogradProducts { blocks, bmm };
WinogradProducts fastest_products();

/// What the convolution gives, with its gradients; relative to the largest value, errors are around 2e-6 (a direct convolution's:
/// 3e-7).
at::Tensor winograd_convolution(const torch::nn::Conv2d& convolution, const at::Tensor& x,
                                WinogradProducts products = fastest_products());

}  // namespace torchport::models
