// BMP and WebP through OpenCV, which sees nothing before our own look has found its header legal and its data whole.
#include "datasets/codecs/opencv.h"

#include "datasets/codecs/opencv/imdecode.h"
#include "datasets/codecs/reader.h"
#include "runtime/module.h"

namespace torchport::datasets::images {
namespace {

void imdecode(std::string_view bytes, bool as_stored, Pixels& out, const Reader& in) {
  static auto* const decode = reinterpret_cast<opencv::ImdecodeFunction*>(
      runtime::load_function({"torchport-opencv", "decodes BMP and WebP images", opencv::kVersion}, "torchport_imdecode"));
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  switch (decode(data, bytes.size(), as_stored, out.width, out.height, out.rgb.data())) {
    case opencv::Imdecode::done:
      return;
    case opencv::Imdecode::broken:
      in.fail("the pixels are broken");
    case opencv::Imdecode::other_size:
      in.fail("two sizes are given");
  }
}

/// Five or six bits to eight: OpenCV shifts them, Pillow scales them.
void rescale_16bit(Pixels& out, bool six_bits_green) {
  for (std::size_t i = 0; i < out.rgb.size(); ++i) {
    const bool six = six_bits_green && i % 3 == 1;
    out.rgb[i] = static_cast<std::uint8_t>(six ? (out.rgb[i] >> 2) * 255 / 63 : (out.rgb[i] >> 3) * 255 / 31);
  }
}

/// The chunks of a WebP file: sizes that fit the file, one still image.
void check_webp(const Reader& in) {
  const std::size_t end = std::size_t{8} + in.u32(4);
  if (end > in.size()) in.fail("premature end of data");
  for (std::size_t at = 12; at + 8 <= end;) {
    const std::string_view kind = in.text(at, 4);
    if (kind == "ANIM" || kind == "ANMF") in.fail("animated images are not supported");
    const std::size_t size = in.u32(at + 4);
    in.need(at + 8, size);
    at += 8 + size + size % 2;
  }
}

}  // namespace

void decode_bmp(std::string_view bytes, Pixels& out) {
  const Reader in(bytes, "BMP", false);
  const bool old = in.u32(14) == 12;
  const std::size_t bits = in.u16(old ? 24 : 28);
  const std::uint32_t compression = old ? 0 : in.u32(30);
  bool six_bits_green = false;
  if (compression == 3) {  // colour masks follow; these are the usual ones
    const std::array masks = {in.u32(54), in.u32(58), in.u32(62)};
    six_bits_green = bits == 16 && masks == std::array{0xF800u, 0x7E0u, 0x1Fu};
    const bool usual = six_bits_green || (bits == 16 && masks == std::array{0x7C00u, 0x3E0u, 0x1Fu}) ||
                       (bits == 32 && masks == std::array{0xFF0000u, 0xFF00u, 0xFFu});
    if (!usual) in.fail("unusual colour masks are not supported");
  } else if (compression > 3) {
    in.fail("the compression " + std::to_string(compression) + " is not supported");
  }
  if (compression == 0 || compression == 3) {
    const std::size_t stride = (bits * static_cast<std::size_t>(out.width) + 31) / 32 * 4;
    in.need(in.u32(10), stride * static_cast<std::size_t>(out.height));
  } else if (in.text(in.size() - 2, 2) != std::string_view("\0\1", 2)) {
    in.fail("the end mark is missing");  // OpenCV takes run lengths that just stop
  }
  imdecode(bytes, false, out, in);
  if (bits == 16) rescale_16bit(out, six_bits_green);
}

void decode_webp(std::string_view bytes, Pixels& out) {
  const Reader in(bytes, "WebP", false);
  check_webp(in);
  imdecode(bytes, true, out, in);
}

}  // namespace torchport::datasets::images
