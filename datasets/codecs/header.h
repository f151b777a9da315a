// Format and size of an image from its first bytes. Called by whoever decodes one, and by those who only ask what it is: Convert to
// Image Directory, the size scan, the doctor.
#pragma once
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace torchport::datasets {

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

enum class ImageFormat { jpeg, png, bmp, pnm, tiff, gif, webp, heif };

struct ImageHeader {
  ImageFormat format;
  int width = 0, height = 0;  ///< pixels; EXIF orientation is ignored, as in the original
};

/// Why the bytes are not a usable image, e.g. "JPEG: premature end of data", "90000000 pixels, more than 67108864".
struct ImageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Of an image with more than kMaxPixels.
struct OversizedImage : ImageError {
  using ImageError::ImageError;
};

/// More pixels than this are refused from the header alone.
inline constexpr std::int64_t kMaxPixels = std::int64_t{64} << 20;

/// Longer image files are not read: kMaxPixels in four channels of 16 bits, bytes.
inline constexpr std::size_t kMaxImageFile = std::size_t{512} << 20;

/// Format (by magic bytes, never by file name) and size. \throws ImageError for anything else, or above kMaxPixels
ImageHeader read_header(std::string_view bytes);

/// The same of a file, of which no more than the beginning is read where that tells. \throws std::runtime_error if it cannot be
/// read
ImageHeader read_file_header(const std::filesystem::path& file);

/// Whether Convert takes files of this name, in any case: those of the original, and jfif jfi jif jpe gif heic heif hif apng pbm
/// pnm.
bool has_image_extension(std::string_view file_name);
/// Whether the original takes files of this name: jpg jpeg png ppm bmp pgm tif tiff webp, in any case.
bool is_originals_extension(std::string_view file_name);

}  // namespace torchport::datasets
