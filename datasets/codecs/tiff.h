// The parts of a TIFF image that its pixels depend on. Private to tiff.cpp and tiff_data.cpp.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "datasets/codecs/codecs.h"

namespace torchport::datasets::images {

/// The first directory of the file. Vectors hold what the tag holds, cut to the values that exist in the file.
struct TiffTags {
  std::uint32_t width = 0, height = 0, compression = 1, photometric = 1, fill_order = 1, orientation = 1;
  std::uint32_t samples = 1, rows_per_strip = 0, planar = 1, predictor = 1, tile_width = 0, tile_height = 0;
  std::vector<std::uint32_t> bits{1}, offsets, counts, extra, format, colours;
  bool tiled() const { return tile_width > 0; }
  /// Pillow turns TIFF images (and no others) as their orientation says.
  bool turned() const { return orientation >= 5 && orientation <= 8; }
};

TiffTags read_tiff_tags(const Reader& in);

/// Fills `out`, whose size is the number of bytes wanted. \throws ImageError where `data` holds less, or is broken
void decompress_tiff(unsigned compression, std::string_view data, std::vector<std::uint8_t>& out);

}  // namespace torchport::datasets::images
