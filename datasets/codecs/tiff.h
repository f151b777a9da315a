// TIFF by the module torchport-tiff. Called by decode.cpp, header.cpp and mode.cpp.
#pragma once
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// \throws ImageError
ImageHeader tiff_header(std::string_view bytes);
/// Pillow's name of its mode. \throws ImageError
std::string tiff_mode(std::string_view bytes);
/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws ImageError
void decode_tiff(std::string_view bytes, Pixels& out);

}  // namespace torchport::datasets::images
