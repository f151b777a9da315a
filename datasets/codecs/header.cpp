#include "datasets/codecs/header.h"

#include "datasets/codecs/image_modules.h"
#include "datasets/codecs/jpeg_segments.h"
#include "datasets/codecs/pnm.h"
#include "datasets/codecs/reader.h"
#include "runtime/files/files.h"
#include "runtime/text/lower.h"

namespace torchport::datasets {

ImageHeader images::header_of(ImageFormat format, std::uint32_t width, std::uint32_t height) {
  // Sides beyond int would wrap below; anything near that is far above the cap anyway.
  constexpr std::uint32_t kMost = 1u << 30;
  return {format, static_cast<int>(std::min(width, kMost)), static_cast<int>(std::min(height, kMost))};
}

namespace {

using images::header_of;
using images::Reader;

ImageHeader jpeg_header(std::string_view bytes) {
  images::JpegSegments segments(bytes);
  while (segments.next()) {
    const Reader frame(segments.body(), "JPEG", true);
    if (segments.marker() == 0xD9 || segments.marker() == 0xDA) frame.fail("no frame header");
    if (!segments.frame()) continue;
    const bool supported = segments.marker() <= 0xC2 || segments.marker() == 0xC9 || segments.marker() == 0xCA;
    if (!supported) frame.fail("lossless and hierarchical images are not supported");
    if (frame.u8(0) != 8) frame.fail(std::to_string(frame.u8(0)) + " bits a sample are not supported");
    return header_of(ImageFormat::jpeg, frame.u16(3), frame.u16(1));
  }
  throw ImageError("JPEG: premature end of data");
}

ImageHeader png_header(std::string_view bytes) {
  const Reader in(bytes, "PNG", true);
  if (in.u32(8) != 13 || in.text(12, 4) != "IHDR") in.fail("no image header");
  return header_of(ImageFormat::png, in.u32(16), in.u32(20));
}

ImageHeader bmp_header(std::string_view bytes) {
  const Reader in(bytes, "BMP", false);
  const auto magnitude = [](std::uint32_t side) { return side >> 31 ? 0u - side : side; };  // negative height: rows from the top
  const std::uint32_t size = in.u32(14);
  if (size == 12) return header_of(ImageFormat::bmp, in.u16(18), in.u16(20));
  if (size < 40) in.fail("unknown header of " + std::to_string(size) + " bytes");
  if (in.u32(18) >> 31) in.fail("negative width");
  return header_of(ImageFormat::bmp, in.u32(18), magnitude(in.u32(22)));
}

ImageHeader webp_header(std::string_view bytes) {
  const Reader in(bytes, "WebP", false);
  const std::string_view kind = in.text(12, 4);
  const auto u24 = [&](std::size_t at) { return in.u16(at) | static_cast<std::uint32_t>(in.u8(at + 2)) << 16; };
  if (kind == "VP8X") return header_of(ImageFormat::webp, u24(24) + 1, u24(27) + 1);
  if (kind == "VP8L") {
    if (in.u8(20) != 0x2F) in.fail("no lossless signature");
    const std::uint32_t packed = in.u32(21);
    return header_of(ImageFormat::webp, (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1);
  }
  if (kind == "VP8 ") {
    if (in.text(23, 3) != "\x9D\x01\x2A") in.fail("no key frame");
    return header_of(ImageFormat::webp, in.u16(26) & 0x3FFF, in.u16(28) & 0x3FFF);
  }
  in.fail("unknown kind of image");
}

/// The brands of HEIC files, which say what decodes them; those of AVIF are others.
bool is_heif(std::string_view bytes) {
  static const std::set<std::string_view> kBrands = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"};
  return bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp" && kBrands.contains(bytes.substr(8, 4));
}

bool is_tiff(std::string_view bytes) {
  static const std::set<std::string_view> kBeginnings = {{"II*\0", 4}, {"MM\0*", 4}, {"II+\0", 4}, {"MM\0+", 4}};  // +: BigTIFF
  return kBeginnings.contains(bytes.substr(0, 4));
}

/// What a file is that is named as an image, ", but ..." where its beginning tells: mostly what a download left.
std::string foreign_kind(std::string_view bytes) {
  static const std::vector<std::pair<std::string_view, std::string_view>> kBeginnings = {
      {"version https://git-lfs", "a pointer of Git LFS: git lfs pull fetches the file"},
      {"<!doctype html", "a web page"},
      {"<html", "a web page"},
      {"<?xml", "an XML text"},
      {"<svg", "an SVG picture"},
      {"{", "a JSON text"},
      {"%pdf", "a PDF file"},
      {"pk\x03\x04", "a ZIP archive"},
      {"\x1F\x8B", "a gzip file"},
      {"8bps", "a Photoshop file"},
      {"\xFF\x0A", "a JPEG XL image"},
      {{"\0\0\0\x0Cjxl ", 8}, "a JPEG XL image"},
      {{"\0\0\0\x0CjP  ", 8}, "a JPEG 2000 image"},
      {{"\0\x05\x16\x07", 4}, "what macOS keeps beside a file"},
  };
  std::string head = runtime::lower(bytes.substr(0, 64));
  head.erase(0, std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (head.size() > 12 && head.substr(4, 4) == "ftyp") return head.substr(8, 3) == "avi" ? ", but an AVIF image" : ", but a video";
  for (const auto& [beginning, kind] : kBeginnings)
    if (head.starts_with(beginning) || bytes.starts_with(beginning)) return ", but " + std::string(kind);
  if (bytes.find_first_not_of('\0') == bytes.npos) return ", but zeros only";
  return "";
}

ImageHeader any_header(std::string_view bytes) {
  const auto starts = [&](std::string_view magic) { return bytes.starts_with(magic); };
  if (bytes.empty()) throw ImageError("the file is empty");
  if (starts("\xFF\xD8\xFF")) return jpeg_header(bytes);
  if (starts("\x89PNG\r\n\x1A\n")) return png_header(bytes);
  if (starts("BM")) return bmp_header(bytes);
  if (is_tiff(bytes)) return images::module_header(bytes, ImageFormat::tiff);
  if (starts("GIF87a") || starts("GIF89a")) return images::module_header(bytes, ImageFormat::gif);
  if (starts("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return webp_header(bytes);
  if (is_heif(bytes)) return images::module_header(bytes, ImageFormat::heif);
  if (bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && std::strchr(" \t\n\v\f\r", bytes[2])) {
    return images::pnm_header(bytes);
  }
  throw ImageError("no JPEG, PNG, BMP, GIF, PNM, TIFF, WebP or HEIC image" + foreign_kind(bytes));
}

std::string lower_extension(std::string_view file_name) {
  return runtime::lower(std::filesystem::path(file_name).extension().string());
}

}  // namespace

ImageHeader read_header(std::string_view bytes) {
  const ImageHeader found = any_header(bytes);
  if (found.width < 1 || found.height < 1) throw ImageError("the image has no pixels");
  const std::int64_t pixels = std::int64_t{found.width} * found.height;
  if (pixels > kMaxPixels) throw OversizedImage(std::to_string(pixels) + " pixels, more than " + std::to_string(kMaxPixels));
  return found;
}

ImageHeader read_file_header(const std::filesystem::path& file) {
  constexpr std::size_t kBeginning = 64 * 1024;
  try {
    return read_header(runtime::read_head(file, kBeginning));
  } catch (const ImageError&) {  // a long profile before the header, or a TIFF file, whose header may be anywhere
    return read_header(runtime::read_file(file, kMaxImageFile));
  }
}

bool is_originals_extension(std::string_view file_name) {
  static const std::set<std::string, std::less<>> kExtensions = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                                                 ".pgm", ".tif",  ".tiff", ".webp"};
  return kExtensions.contains(lower_extension(file_name));
}

bool has_image_extension(std::string_view file_name) {
  static const std::set<std::string, std::less<>> kOurs = {".jfif", ".jfi", ".jif",  ".jpe", ".gif", ".heic",
                                                           ".heif", ".hif", ".apng", ".pbm", ".pnm"};
  return is_originals_extension(file_name) || kOurs.contains(lower_extension(file_name));
}

}  // namespace torchport::datasets
