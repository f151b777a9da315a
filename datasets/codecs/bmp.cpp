#include "datasets/codecs/bmp.h"

#include "datasets/codecs/opencv/imdecode.h"
#include "datasets/codecs/reader.h"
#include "runtime/module.h"

namespace torchport::datasets::images {
namespace {

constexpr std::size_t kFileHeader = 14;
enum Compression : std::size_t { kNone, kRle8, kRle4, kMasks };
using Masks = std::array<std::uint32_t, 4>;

bool has_masks_inside(std::uint32_t header_size) { return header_size >= 56; }

Masks masks_of(const Reader& in) {
  const std::size_t at = kFileHeader + 40;
  return {in.u32(at), in.u32(at + 4), in.u32(at + 8), has_masks_inside(in.u32(kFileHeader)) ? in.u32(at + 12) : 0};
}

constexpr Masks kMasks555{0x7C00, 0x3E0, 0x1F, 0}, kMasks565{0xF800, 0x7E0, 0x1F, 0};

/// The byte of each colour in a pixel of 32 bits, for the masks that Pillow knows.
std::optional<std::array<std::size_t, 3>> places_of(const Masks& masks) {
  static const std::map<Masks, std::array<std::size_t, 3>> kKnown = {
      {{0xFF0000, 0xFF00, 0xFF, 0}, {2, 1, 0}},          {{0xFF000000, 0xFF0000, 0xFF00, 0}, {3, 2, 1}},
      {{0xFF000000, 0xFF0000, 0xFF00, 0xFF}, {3, 2, 1}}, {{0xFF, 0xFF00, 0xFF0000, 0xFF000000}, {0, 1, 2}},
      {{0xFF0000, 0xFF00, 0xFF, 0xFF000000}, {2, 1, 0}}, {{0, 0, 0, 0}, {2, 1, 0}}};
  const auto known = kKnown.find(masks);
  return known == kKnown.end() ? std::nullopt : std::optional(known->second);
}

bool same_colours(const Masks& a, const Masks& b) { return std::equal(a.begin(), a.begin() + 3, b.begin()); }

void check_masks(const Reader& in, std::size_t bits) {
  const Masks masks = masks_of(in);
  const bool known = bits == 32   ? places_of(masks).has_value()
                     : bits == 24 ? same_colours(masks, {0xFF0000, 0xFF00, 0xFF, 0})
                     : bits == 16 ? same_colours(masks, kMasks555) || same_colours(masks, kMasks565)
                                  : false;
  if (!known) in.fail("unusual colour masks are not supported");
}

void imdecode(std::string_view bytes, Pixels& out, const Reader& in) {
  static auto* const decode = reinterpret_cast<opencv::ImdecodeFunction*>(
      runtime::load_function({"torchport-opencv", "decodes BMP images", opencv::kVersion}, "torchport_imdecode"));
  switch (decode(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.width, out.height, out.rgb.data())) {
    case opencv::Imdecode::done:
      return;
    case opencv::Imdecode::broken:
      in.fail("the pixels are broken");
    case opencv::Imdecode::other_size:
      in.fail("two sizes are given");
  }
}

/// Row y of the file as a row of the image.
std::uint8_t* row_of(Pixels& out, const BmpInfo& info, int y) {
  return &out.rgb[out.at(info.top_down ? y : out.height - 1 - y, 0)];
}

/// Pixels of 16 and 32 bits with colour masks: OpenCV knows only some, and shifts five bits to eight where Pillow scales them.
void decode_masked(const Reader& in, const BmpInfo& info, Pixels& out) {
  const bool masks = info.compression == kMasks;
  const unsigned green = masks && same_colours(masks_of(in), kMasks565) ? 63 : 31, red_at = green == 63 ? 11 : 10;
  const auto places = info.bits == 32 ? *places_of(masks_of(in)) : std::array<std::size_t, 3>{};
  for (int y = 0; y < out.height; ++y) {
    const std::size_t begin = info.pixels + static_cast<std::size_t>(y) * info.stride(out.width);
    const std::string_view row = in.text(begin, info.stride(out.width));
    std::uint8_t* pixel = row_of(out, info, y);
    for (std::size_t x = 0; x < static_cast<std::size_t>(out.width); ++x, pixel += 3) {
      if (info.bits == 32) {
        for (std::size_t c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(row[4 * x + places[c]]);
        continue;
      }
      const unsigned value = in.u16(begin + 2 * x);
      pixel[0] = static_cast<std::uint8_t>((value >> red_at & 31) * 255 / 31);
      pixel[1] = static_cast<std::uint8_t>((value >> 5 & green) * 255 / green);
      pixel[2] = static_cast<std::uint8_t>((value & 31) * 255 / 31);
    }
  }
}

/// Run lengths, with the same understanding of odd files as Pillow's BmpRleDecoder; the original sees no others. Returns the
/// palette's indices, row by row of the file. \throws ImageError where it refuses
std::vector<std::uint8_t> unpack_runs(const Reader& in, const BmpInfo& info, const Pixels& out) {
  const std::size_t width = static_cast<std::size_t>(out.width), total = width * static_cast<std::size_t>(out.height);
  const bool four_bits = info.compression == kRle4;
  std::vector<std::uint8_t> indices;
  indices.reserve(total);
  const auto put = [&](std::size_t count, std::uint8_t first, std::uint8_t second) {
    for (std::size_t i = 0; i < count && indices.size() < total; ++i) indices.push_back(i % 2 == 0 ? first : second);
  };
  std::size_t x = 0;
  for (std::size_t at = info.pixels; indices.size() < total;) {
    const std::size_t count = in.u8(at), value = in.u8(at + 1);
    const auto upper = static_cast<std::uint8_t>(value >> 4), lower = static_cast<std::uint8_t>(value & 15),
               whole = static_cast<std::uint8_t>(value);
    at += 2;
    if (count > 0) {
      const std::size_t fits = x > width ? 0 : std::min(count, width - x);
      put(fits, four_bits ? upper : whole, four_bits ? lower : whole);
      x += fits;
    } else if (value == 0) {  // the end of a row
      put((width - indices.size() % width) % width, 0, 0);
      x = 0;
    } else if (value == 1) {
      break;
    } else if (value == 2) {  // a step: Pillow takes it from the second pair of bytes
      in.need(at, 4);
      put(in.u8(at + 2) + in.u8(at + 3) * width, 0, 0);
      at += 4;
      x = indices.size() % width;
    } else {
      const std::size_t size = four_bits ? value / 2 : value;
      in.need(at, size);
      for (std::size_t i = 0; i < size; ++i) {
        const std::uint8_t byte = in.u8(at + i);
        put(four_bits ? 2 : 1, four_bits ? byte >> 4 : byte, byte & 15);
      }
      x += value;
      at += size + (at + size) % 2;
    }
  }
  if (indices.size() < total) in.fail("premature end of data");
  return indices;
}

void decode_runs(const Reader& in, const BmpInfo& info, Pixels& out) {
  const std::vector<std::uint8_t> indices = unpack_runs(in, info, out);
  std::array<std::array<std::uint8_t, 3>, 256> palette{};
  for (std::size_t i = 0; i < std::min<std::size_t>(info.colours, 256); ++i) {
    for (std::size_t c = 0; c < 3; ++c) palette[i][c] = in.u8(info.palette + i * info.palette_step + 2 - c);
  }
  const std::uint8_t* index = indices.data();
  for (int y = 0; y < out.height; ++y) {
    std::uint8_t* pixel = row_of(out, info, y);
    for (int x = 0; x < out.width; ++x, pixel += 3) std::copy_n(palette[*index++].begin(), 3, pixel);
  }
}

/// The same file, where OpenCV finds the pixels of all kinds that come here.
std::string plain_form(std::string_view bytes, const BmpInfo& info) {
  std::string plain(bytes);
  for (std::size_t i = 0; i < 4; ++i) plain[10 + i] = static_cast<char>(info.pixels >> (8 * i));
  if (info.compression == kMasks && info.bits == 24) plain[kFileHeader + 16] = 0;
  return plain;
}

}  // namespace

BmpInfo bmp_info(std::string_view bytes) {
  const Reader in(bytes, "BMP", false);
  const std::uint32_t header = in.u32(kFileHeader);
  if (header != 12 && header != 40 && header != 64 && header != 108 && header != 124)
    in.fail("unknown header of " + std::to_string(header) + " bytes");
  const bool old = header == 12;
  BmpInfo info;
  info.bits = in.u16(old ? 24 : 28);
  info.compression = old ? 0 : in.u32(30);
  info.top_down = !old && in.u32(22) >> 31 != 0;
  info.palette_step = old ? 3 : 4;
  if (info.bits != 1 && info.bits != 4 && info.bits != 8 && info.bits != 16 && info.bits != 24 && info.bits != 32)
    in.fail(std::to_string(info.bits) + " bits a pixel are not supported");
  if (info.compression > kMasks) in.fail("the compression " + std::to_string(info.compression) + " is not supported");
  const bool runs = info.compression == kRle8 || info.compression == kRle4;
  if (runs && info.bits != (info.compression == kRle8 ? 8U : 4U)) in.fail("the compression does not fit the bits of a pixel");
  if (info.compression == kMasks) check_masks(in, info.bits);
  info.palette = kFileHeader + header + (info.compression == kMasks && !has_masks_inside(header) ? 12 : 0);
  info.pixels = in.u32(10);
  if (info.bits <= 8) {
    const std::uint32_t stated = old ? 0 : in.u32(46);
    info.colours = stated != 0 ? stated : std::size_t{1} << info.bits;
    if (info.colours > 65536) in.fail("the palette is broken");
    if (info.pixels == kFileHeader + header) info.pixels += 4 * info.colours;  // it was forgotten; so does Pillow
  }
  if (info.pixels == 0) info.pixels = info.palette + info.palette_step * info.colours;
  in.need(info.palette, info.palette_step * info.colours);
  return info;
}

void decode_bmp(std::string_view bytes, Pixels& out) {
  const Reader in(bytes, "BMP", false);
  const BmpInfo info = bmp_info(bytes);
  if (info.compression == kRle8 || info.compression == kRle4) return decode_runs(in, info, out);
  in.need(info.pixels, info.stride(out.width) * static_cast<std::size_t>(out.height));
  const bool masks = info.compression == kMasks;
  if (info.bits == 16 || (masks && info.bits == 32)) return decode_masked(in, info, out);
  if (info.pixels != in.u32(10) || (masks && info.bits == 24)) {
    imdecode(plain_form(bytes, info), out, in);
  } else {
    imdecode(bytes, out, in);
  }
}

}  // namespace torchport::datasets::images
