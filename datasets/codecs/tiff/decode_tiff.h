// The one function of the module torchport-tiff. libtiff brings ten libraries, which would cost each start of a program some
// milliseconds: they are loaded when the first TIFF image comes. Called by datasets/codecs/tiff.cpp.
#pragma once
#include <cstddef>
#include <cstdint>

namespace torchport::datasets::tiff {

/// The module's interface; to be raised with each change of what follows.
inline constexpr int kVersion = 1;

/// What is asked of a file's first image, and told of it.
struct Image {
  std::uint32_t width = 0, height = 0;  ///< of the image as Pillow turns it
  const char* mode = "";                ///< Pillow's name, e.g. "RGBA"
  char reason[300] = "";                ///< why it failed, without "TIFF: "
};

/// Reads the header of a file and, where `rgb` is not null, the pixels, which are then 8-bit RGB of `image.width` x `image.height`:
/// the caller has these from an earlier call, and other sizes are an error. Returns whether it went well.
using ReadFunction = bool(const char* bytes, std::size_t size, unsigned char* rgb, Image& image);
extern "C" ReadFunction torchport_read_tiff;

}  // namespace torchport::datasets::tiff
