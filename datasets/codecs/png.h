// PNG through libpng. Reading is called by decode.cpp, writing where transformed images and those of IDX files become files.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets {

/// PNG bytes of 8-bit grey (channels 1) or RGB (channels 3) pixels, row by row without gaps.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

namespace images {
/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws ImageError
void decode_png(std::string_view bytes, Pixels& out);
}  // namespace images

}  // namespace torchport::datasets
