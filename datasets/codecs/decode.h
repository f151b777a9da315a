// Image bytes to RGB pixels, equal to Pillow's `Image.open(f).convert('RGB')`: strict about damage, capped before anything is
// allocated. Torch-free: used by the loader, and by Convert to Image Directory to tell images from other files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::datasets {

enum class ImageFormat { jpeg, png, bmp, pnm, tiff, webp };

struct ImageHeader {
  ImageFormat format;
  int width = 0, height = 0;  ///< pixels; EXIF orientation is ignored, as in the original
};

/// Why the bytes are no usable image, e.g. "JPEG: premature end of data", "90000000 pixels, more than 67108864".
struct ImageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Of an image with more than kMaxPixels.
struct OversizedImage : ImageError {
  using ImageError::ImageError;
};

/// More pixels than this are refused from the header alone.
inline constexpr std::int64_t kMaxPixels = std::int64_t{64} << 20;

/// Format (by magic bytes, never by file name) and size. \throws ImageError for anything but the formats above, or above kMaxPixels
ImageHeader read_header(std::string_view bytes);

/// The same of a file, of which no more than the beginning is read where that tells. \throws std::runtime_error if it cannot be
/// read
ImageHeader read_file_header(const std::filesystem::path& file);

struct ImageSize {
  int height = 0, width = 0;  ///< pixels
  bool operator==(const ImageSize&) const = default;
};

/// A part of an image, in pixels.
struct Box {
  int top = 0, left = 0, height = 0, width = 0;
  bool operator==(const Box&) const = default;
  ImageSize size() const { return {height, width}; }
};

/// Format and mode of the file as Pillow names them, e.g. "PNG RGBA", "JPEG L". \throws ImageError as read_header
std::string image_mode(std::string_view bytes);

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
  /// A JPEG image made smaller by so much while it is decoded: 1, 2, 4 or 8; of other formats 1.
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

/// Decodes at least the part `wanted` of an image whose header was read; `out.pixels` are those that decode() gives there. Of a
/// format that cannot be decoded in part all of it. Reuses the memory of `out`. Thread-safe. \throws ImageError
void decode_part(std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
                 PartOfImage& out);

/// PNG bytes of 8-bit grey (channels 1) or RGB (channels 3) pixels, row by row without gaps.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

/// Whether the original takes files of this name: jpg jpeg png ppm bmp pgm tif tiff webp, in any case.
bool has_image_extension(std::string_view file_name);

}  // namespace torchport::datasets
