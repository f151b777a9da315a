// TIFF by the module torchport-tiff: the first image of the file.
#include "datasets/codecs/tiff.h"

#include "datasets/codecs/reader.h"
#include "datasets/codecs/tiff/decode_tiff.h"
#include "runtime/module.h"

namespace torchport::datasets::images {
namespace {

/// The header and, where `rgb` is not null, the pixels of an image of the size that `image` has. \throws ImageError
void read_tiff(std::string_view bytes, unsigned char* rgb, tiff::Image& image) {
  static auto* const read = reinterpret_cast<tiff::ReadFunction*>(
      runtime::load_function({"torchport-tiff", "decodes TIFF images", tiff::kVersion}, "torchport_read_tiff"));
  if (!read(bytes.data(), bytes.size(), rgb, image)) throw ImageError("TIFF: " + std::string(image.reason));
}

}  // namespace

ImageHeader tiff_header(std::string_view bytes) {
  tiff::Image image;
  read_tiff(bytes, nullptr, image);
  return header_of(ImageFormat::tiff, image.width, image.height);
}

std::string tiff_mode(std::string_view bytes) {
  tiff::Image image;
  read_tiff(bytes, nullptr, image);
  return image.mode;
}

void decode_tiff(std::string_view bytes, Pixels& out) {
  tiff::Image image{static_cast<std::uint32_t>(out.width), static_cast<std::uint32_t>(out.height)};
  read_tiff(bytes, out.rgb.data(), image);
}

}  // namespace torchport::datasets::images
