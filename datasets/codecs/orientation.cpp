#include "datasets/codecs/orientation.h"

#include "datasets/codecs/jpeg_segments.h"
#include "datasets/codecs/reader.h"

namespace torchport::datasets {
namespace {

using images::Reader;

/// The tag in the first directory of a TIFF structure. \throws ImageError where that is broken
int orientation_in(std::string_view exif) {
  constexpr std::uint16_t kOrientation = 0x0112, kShort = 3;
  if (!exif.starts_with("II") && !exif.starts_with("MM")) return 0;
  const Reader in(exif, "EXIF", exif.starts_with("MM"));
  const std::size_t directory = in.u32(4);
  for (std::size_t i = 0; i < in.u16(directory); ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (in.u16(entry) != kOrientation || in.u16(entry + 2) != kShort) continue;
    const int value = in.u16(entry + 8);
    return value >= 1 && value <= 8 ? value : 0;
  }
  return 0;
}

int in_jpeg(std::string_view bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  images::JpegSegments segments(bytes);
  while (segments.next() && segments.marker() != 0xDA && segments.marker() != 0xD9) {
    if (segments.marker() == 0xE1 && segments.body().starts_with(kExif))
      return orientation_in(segments.body().substr(kExif.size()));
  }
  return 0;
}

int in_png(std::string_view bytes) {
  const Reader in(bytes, "PNG", true);
  for (std::size_t at = 8; at + 8 <= bytes.size();) {
    const std::size_t size = in.u32(at);
    if (in.text(at + 4, 4) == "eXIf") return orientation_in(in.text(at + 8, size));
    at += 12 + size;
  }
  return 0;
}

int in_webp(std::string_view bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);  // some writers put it before
  const Reader in(bytes, "WebP", false);
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::size_t size = in.u32(at + 4);
    if (in.text(at, 4) == "EXIF") {
      std::string_view exif = in.text(at + 8, size);
      if (exif.starts_with(kExif)) exif.remove_prefix(kExif.size());
      return orientation_in(exif);
    }
    at += 8 + size + size % 2;
  }
  return 0;
}

}  // namespace

int exif_orientation(std::string_view bytes) {
  try {
    if (bytes.starts_with("\xFF\xD8\xFF")) return in_jpeg(bytes);
    if (bytes.starts_with("\x89PNG")) return in_png(bytes);
    if (bytes.starts_with("RIFF")) return in_webp(bytes);
  } catch (const ImageError&) {  // broken EXIF data say nothing
  }
  return 0;
}

}  // namespace torchport::datasets
