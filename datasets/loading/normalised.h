// The bytes of a batch as the numbers that a network takes: what ToTensor and Normalize of torchvision do, in one pass.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>

namespace torchport::datasets {

/// (value / 255 - mean) / std for each channel, as torchvision's ToTensor and Normalize.
struct Normalisation {
  std::array<double, 3> mean, std_dev;
};

/// uint8 [N, 3, H, W] in channels-last memory (Batch::images) to `dtype`, float32 or bfloat16, in channels-last or contiguous
/// memory. The float32 values are those of torchvision bit for bit, bfloat16 are these rounded. Shares the work among ATen's
/// threads.
at::Tensor normalised(const at::Tensor& images, const Normalisation& normalisation, at::ScalarType dtype, bool channels_last);

}  // namespace torchport::datasets
