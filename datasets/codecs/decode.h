// Image bytes to RGB pixels, equal to Pillow's `Image.open(f).convert('RGB')`: strict about damage, capped before anything is
// allocated. Torch-free: used by the loader, and by Convert to Image Directory to tell images from other files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "datasets/codecs/header.h"

namespace torchport::datasets {

/// Pixels of one image, 3 bytes each, row by row without gaps.
struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;

  ImageSize size() const { return {height, width}; }
  std::size_t stride() const { return std::size_t{3} * static_cast<std::size_t>(width); }  ///< bytes of a row
  /// Where in `rgb` a pixel begins.
  std::size_t at(int y, int x) const {
    return static_cast<std::size_t>(y) * stride() + std::size_t{3} * static_cast<std::size_t>(x);
  }
  /// Takes on a size; the pixels are then whatever they are.
  void reset(ImageSize size) {
    height = size.height;
    width = size.width;
    rgb.resize(stride() * static_cast<std::size_t>(height));
  }
};

/// Decodes into `out`, reusing its memory. Thread-safe. \throws ImageError
void decode(std::string_view bytes, Pixels& out);

/// How a part of an image is decoded.
struct DecodeOptions {
  /// A JPEG image made smaller by this factor while it is decoded: 1, 2, 4 or 8; of other formats 1.
  int shrink = 1;
  /// JPEG without smoothed chroma: pixels differ a little from the exact ones.
  bool fast = false;
  /// Damage after the last row of the part is to be found as well; without it that of the file's rest goes unnoticed.
  bool to_the_end = true;
};

/// Some of an image's pixels: `pixels` is what lies within `box` of the image of `1 / shrink` of its size (rounded up).
struct PartOfImage {
  Pixels pixels;
  Box box;
  int shrink = 1;
};

/// Decodes at least the part `wanted` of an image whose header was read; `out.pixels` are those that decode() gives there. Only
/// JPEG images are decoded in part. Reuses the memory of `out`. Thread-safe. \throws ImageError
void decode_part(std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
                 PartOfImage& out);

}  // namespace torchport::datasets
