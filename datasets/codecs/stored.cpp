#include "datasets/codecs/stored.h"

#include "datasets/codecs/decode.h"
#include "datasets/codecs/png.h"

namespace torchport::datasets {
namespace {

const char* extension_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return ".jpg";
    case ImageFormat::bmp:
      return ".bmp";
    case ImageFormat::pnm:
      return ".ppm";
    case ImageFormat::tiff:
      return ".tif";
    case ImageFormat::webp:
      return ".webp";
    default:
      return ".png";
  }
}

}  // namespace

Stored stored_as(std::string_view file_name, ImageFormat format) {
  const bool known = is_originals_extension(file_name);
  if (format == ImageFormat::heif || (format == ImageFormat::gif && !known)) return {".png", true};
  return {known ? "" : extension_of(format), false};
}

std::string as_png(std::string_view bytes) {
  Pixels pixels;
  decode(bytes, pixels);
  return encode_png(pixels.rgb, pixels.width, pixels.height, 3);
}

}  // namespace torchport::datasets
