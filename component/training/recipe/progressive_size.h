// Progressive resizing: small images first, full size last (as in FFCV's and Composer's recipes). Used by the trainer.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "datasets/codecs/header.h"

namespace torchport::component {

/// How large training images are in each epoch.
struct ProgressiveSize {
  datasets::ImageSize full;
  double fraction;       ///< of the full edges in the first epoch
  std::int64_t epochs;   ///< of the whole training
  std::int64_t minimum;  ///< the smallest edge that the network takes
  /// The size in `epoch` (0-based). The fraction grows linearly and is 1 from 70 % of the epochs on, rounded down; until then edges
  /// are the nearest multiples of 32 pixels, but not below 32 and the minimum.
  datasets::ImageSize in(std::int64_t epoch) const;
};

/// `images` [N, 3, H, W] in another size, antialiased bilinear; themselves where they have it already.
at::Tensor resized(const at::Tensor& images, datasets::ImageSize size);

}  // namespace torchport::component
