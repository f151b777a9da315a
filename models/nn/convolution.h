// The convolutions of the networks.
#pragma once
#include <cstdint>

#include <torch/nn/modules/conv.h>

#include "models/nn/classifier.h"

namespace torchport::models {

/// A convolution without bias, padded so that a stride of 1 keeps height and width; weights [out, in / groups, kernel, kernel].
/// They are drawn as torch draws them or, where they will be loaded, of any value: torch's generator is moved on all the same, so
/// that the draws after them do not change.
torch::nn::Conv2d convolution(Drawn drawn, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                              std::int64_t groups = 1);

/// What the convolution gives for x, by the fastest way there is.
at::Tensor convolve(torch::nn::Conv2d& convolution, const at::Tensor& x);

}  // namespace torchport::models
