// JPEG writing through libjpeg-turbo. Called where a report shows small copies of images.
#pragma once
#include <string>

#include "datasets/codecs/decode.h"

namespace torchport::datasets {

/// JPEG bytes of the pixels; `quality` is libjpeg's, 1 to 100. \throws ImageError
std::string encode_jpeg(const Pixels& pixels, int quality);

}  // namespace torchport::datasets
