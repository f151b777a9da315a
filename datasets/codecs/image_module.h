// The one function of each module of an image format: torchport-tiff, -gif, -webp, -heif. Their libraries are loaded when the first
// image of the format comes, so that no start of a program pays for them, and one that is missing stops nothing else. Called by
// image_modules.cpp.
#pragma once
#include <cstddef>
#include <cstdint>

namespace torchport::datasets::image_module {

/// The modules' interface; to be raised with each change of what follows.
inline constexpr int kVersion = 2;

/// What is asked of a file's first image, and told of it.
struct Image {
  std::uint32_t width = 0, height = 0;  ///< of the image as Pillow gives it
  const char* mode = "";                ///< Pillow's name, e.g. "RGBA"
  char reason[300] = "";                ///< why it failed, without the format's name
};

/// Reads the header of a file and, where `rgb` is not null, the pixels, which are then 8-bit RGB of `image.width` x `image.height`:
/// the caller has these from an earlier call, and other sizes are an error. Returns whether it went well.
using ReadFunction = bool(const char* bytes, std::size_t size, unsigned char* rgb, Image& image);
extern "C" ReadFunction torchport_read_image;

}  // namespace torchport::datasets::image_module
