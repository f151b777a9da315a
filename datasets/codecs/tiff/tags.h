// What a TIFF file's first directory says of its pixels, and which of its kinds Pillow reads. Called by read_tiff.cpp and
// pixels.cpp.
#pragma once
#include <tiffio.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace torchport::datasets::tiff {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How the samples of a pixel become RGB.
enum class Kind { grey, grey_alpha, palette, rgb, premultiplied, cmyk, lab, ycbcr };

/// The tags that the pixels depend on, and their values where a file does not say.
struct Tags {
  std::uint32_t width = 0, height = 0, rows_per_strip = 0, tile_width = 0, tile_height = 0;
  std::uint16_t bits = 1, samples = 1, compression = 1, photometric = 0, fill_order = 1, orientation = 1, planar = 1, format = 1;
  std::uint16_t extra_count = 0;
  const std::uint16_t *extra = nullptr, *colours[3] = {};
  bool tiled = false, big_endian = false;

  explicit Tags(TIFF* file);
  /// Pillow turns TIFF images (and no others) as their orientation says.
  bool turned() const { return orientation >= 5 && orientation <= 8; }
  bool separate() const { return planar == PLANARCONFIG_SEPARATE && samples > 1; }
  /// libtiff's JPEG makes RGB of the pixels by itself.
  bool jpeg_makes_rgb() const {
    return photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && planar == PLANARCONFIG_CONTIG && samples == 3;
  }
  /// \throws Failure for a kind that Pillow does not read
  Kind kind() const;
  const char* mode() const;  ///< Pillow's name
};

/// Before libtiff reads the first directory: that the values of its tags fit into the file, so that none is unpacked a thousand
/// times. Returns the photometric interpretation that it states: libtiff takes another one where a palette is short.
/// \throws Failure
std::uint32_t check_directory(std::string_view bytes);

}  // namespace torchport::datasets::tiff
