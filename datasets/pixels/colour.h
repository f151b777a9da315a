// Changing colours as Pillow's ImageEnhance and torchvision's adjust_* do. Used by the operations of transforms/.
#pragma once
#include "datasets/codecs/decode.h"

namespace torchport::datasets {

/// ITU-R 601 luma in all three channels, Pillow's convert('L').
void to_grey(Pixels& image);

/// Towards black (0), as it is (1), brighter (above).
void adjust_brightness(Pixels& image, double factor);
/// Towards its mean grey (0), as it is (1), more (above).
void adjust_contrast(Pixels& image, double factor);
/// Towards grey (0), as it is (1), more colour (above).
void adjust_saturation(Pixels& image, double factor);
/// By -0.5 .. 0.5 of the circle of hues.
void adjust_hue(Pixels& image, double shift);

}  // namespace torchport::datasets
