// BMP and WebP by the module torchport-opencv. Called by decode.cpp.
#pragma once
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws ImageError
void decode_bmp(std::string_view bytes, Pixels& out);
void decode_webp(std::string_view bytes, Pixels& out);

}  // namespace torchport::datasets::images
