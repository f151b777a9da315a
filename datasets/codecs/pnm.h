// Portable bitmaps, greymaps and pixmaps. Called by decode.cpp, header.cpp and sound.cpp.
#pragma once
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// \throws ImageError
ImageHeader pnm_header(std::string_view bytes);
/// How long the file must be at least; 0 where its numbers are text, so that only reading them tells. \throws ImageError
std::uint64_t pnm_size(std::string_view bytes);
/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws ImageError
void decode_pnm(std::string_view bytes, Pixels& out);

}  // namespace torchport::datasets::images
