// BMP: the usual kinds by the module torchport-opencv, the others here. Called by decode.cpp and sound.cpp.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// The headers of a file, as Pillow understands them.
struct BmpInfo {
  std::size_t bits = 0, compression = 0, colours = 0;  ///< colours: of the palette, 0 where there is none
  std::size_t palette = 0, palette_step = 4;           ///< where it begins, bytes of a colour
  std::size_t pixels = 0;                              ///< where they begin
  bool top_down = false;
  std::size_t stride(int width) const { return (bits * static_cast<std::size_t>(width) + 31) / 32 * 4; }
};
/// \throws ImageError for kinds that Pillow does not read
BmpInfo bmp_info(std::string_view bytes);

/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws ImageError
void decode_bmp(std::string_view bytes, Pixels& out);

}  // namespace torchport::datasets::images
