#include "datasets/codecs/mode.h"

#include "datasets/codecs/reader.h"
#include "datasets/codecs/tiff.h"

namespace torchport::datasets {
namespace {

using images::Reader;

std::string jpeg_mode(std::string_view bytes) {
  const Reader in(bytes, "JPEG", true);
  for (std::size_t at = 2;;) {
    const unsigned marker = in.u8(at + 1);
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      const unsigned components = in.u8(at + 9);
      return components == 1 ? "L" : components == 4 ? "CMYK" : "RGB";
    }
    const bool bare = marker == 0xFF || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    at += marker == 0xFF ? 1 : bare ? 2 : 2 + std::max<std::size_t>(in.u16(at + 2), 2);
  }
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

std::string webp_mode(std::string_view bytes) {
  const Reader in(bytes, "WebP", false);
  const std::string_view kind = in.text(12, 4);
  const bool alpha = (kind == "VP8X" && (in.u8(20) & 0x10)) || (kind == "VP8L" && (in.u32(21) >> 28 & 1));
  return alpha ? "RGBA" : "RGB";
}

std::string pnm_mode(std::string_view bytes) {
  const char kind = bytes[1];
  return kind == '1' || kind == '4' ? "1" : kind == '2' || kind == '5' ? "L" : "RGB";
}

}  // namespace

std::string image_mode(std::string_view bytes) {
  switch (read_header(bytes).format) {
    case ImageFormat::jpeg:
      return "JPEG " + jpeg_mode(bytes);
    case ImageFormat::png:
      return "PNG " + png_mode(bytes);
    case ImageFormat::bmp:
      return "BMP " + bmp_mode(bytes);
    case ImageFormat::pnm:
      return "PPM " + pnm_mode(bytes);
    case ImageFormat::tiff:
      return "TIFF " + images::tiff_mode(bytes);
    default:
      return "WEBP " + webp_mode(bytes);
  }
}

}  // namespace torchport::datasets
