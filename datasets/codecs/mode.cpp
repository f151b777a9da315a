#include "datasets/codecs/mode.h"

#include "datasets/codecs/image_modules.h"
#include "datasets/codecs/jpeg_segments.h"
#include "datasets/codecs/reader.h"

namespace torchport::datasets {
namespace {

using images::Reader;

std::string jpeg_mode(std::string_view bytes) {
  images::JpegSegments segments(bytes);
  while (segments.next() && !segments.frame()) continue;
  const unsigned components = Reader(segments.body(), "JPEG", true).u8(5);
  return components == 1 ? "L" : components == 4 ? "CMYK" : "RGB";
}

std::string png_mode(std::string_view bytes) {
  const Reader in(bytes, "PNG", true);
  const unsigned depth = in.u8(24);
  switch (in.u8(25)) {
    case 0:
      return depth == 1 ? "1" : depth == 16 ? "I" : "L";
    case 3:
      return "P";
    case 4:
      return "LA";
    case 6:
      return "RGBA";
    default:
      return "RGB";
  }
}

std::string bmp_mode(std::string_view bytes) {
  const Reader in(bytes, "BMP", false);
  return in.u16(in.u32(14) == 12 ? 24 : 28) <= 8 ? "P" : "RGB";
}

std::string pnm_mode(std::string_view bytes) {
  const char kind = bytes[1];
  return kind == '1' || kind == '4' ? "1" : kind == '2' || kind == '5' ? "L" : "RGB";
}

}  // namespace

std::string image_mode(std::string_view bytes) {
  const ImageFormat format = read_header(bytes).format;
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG " + jpeg_mode(bytes);
    case ImageFormat::png:
      return "PNG " + png_mode(bytes);
    case ImageFormat::bmp:
      return "BMP " + bmp_mode(bytes);
    case ImageFormat::pnm:
      return "PPM " + pnm_mode(bytes);
    case ImageFormat::tiff:
      return "TIFF " + images::module_mode(bytes, format);
    case ImageFormat::gif:
      return "GIF " + images::module_mode(bytes, format);
    case ImageFormat::webp:
      return "WEBP " + images::module_mode(bytes, format);
    case ImageFormat::heif:
      return "HEIF " + images::module_mode(bytes, format);
  }
  throw std::logic_error("an image format without a name");
}

}  // namespace torchport::datasets
