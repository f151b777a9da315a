// Resizing with antialiasing, equal to Pillow's `Image.resize` on 8-bit RGB bit for bit. Used by the operations of transforms/.
#pragma once
#include "datasets/images/decode.h"
#include "datasets/pixels/place.h"

namespace torchport::datasets {

enum class Interpolation { nearest, bilinear, bicubic };

/// The pixels of `box` alone, resized to `size` (at least 1 x 1): what is outside of the box does not shine in, as if it had been
/// cut out before. `interpolation` is bilinear or bicubic.
Pixels resized(const Pixels& in, const Box& box, ImageSize size, Interpolation interpolation);

}  // namespace torchport::datasets
