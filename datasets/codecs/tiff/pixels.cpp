#include "datasets/codecs/tiff/pixels.h"

#include <lcms2.h>

#include <cstring>
#include <vector>

#include "datasets/codecs/reader.h"

namespace torchport::datasets::tiff {
namespace {

using images::clip_to_byte;
using images::share_of_255;

template <class T>
T load(const std::uint8_t* row, std::size_t i) {
  T value;
  std::memcpy(&value, row + i * sizeof value, sizeof value);
  return value;
}

/// As Pillow's numbers beyond bytes become grey: clipped, and what is not a number black.
template <class T>
std::uint8_t clipped(T value) {
  return !(value > 0) ? 0 : value >= 255 ? 255 : static_cast<std::uint8_t>(value);
}

/// The i-th of values that are packed with 1, 2, 4, 8 or 12 bits.
unsigned packed(const std::uint8_t* row, std::size_t i, unsigned bits) {
  if (bits == 8) return row[i];
  const std::size_t at = i * bits / 8, shift = i * bits % 8;
  if (bits == 12) return shift == 0 ? row[at] << 4U | row[at + 1] >> 4U : (row[at] & 15U) << 8U | row[at + 1];
  return row[at] >> (8 - bits - shift) & ((1U << bits) - 1);
}

template <class Value>
void fill_grey(std::uint32_t count, Target to, Value value) {
  for (std::size_t i = 0; i < count; ++i, to.first += to.step) {
    const std::uint8_t grey = value(i);
    to.first[0] = to.first[1] = to.first[2] = grey;
  }
}

/// Of bytes the byte, of 16 bits the upper one.
std::uint8_t upper(const std::uint8_t* row, std::size_t i, bool wide) {
  return wide ? static_cast<std::uint8_t>(load<std::uint16_t>(row, i) >> 8) : row[i];
}

void divide_by_alpha(unsigned char* pixel, unsigned alpha) {
  if (alpha == 255) return;
  for (int c = 0; c < 3; ++c) pixel[c] = alpha == 0 ? 0 : clip_to_byte(255U * pixel[c] / alpha);
}

/// What holds the share of white ink, to be mixed with black.
void mix_with_black(unsigned char* pixel, unsigned black) {
  for (int c = 0; c < 3; ++c) pixel[c] = static_cast<unsigned char>(255U - black - share_of_255(pixel[c], 255U - black));
}

}  // namespace

/// CIE LAB by Little CMS, as Pillow does it: from its own profile of LAB to its own of sRGB.
struct Converter::Lab {
  cmsHTRANSFORM transform = nullptr;
  Lab() {
    const cmsHPROFILE from = cmsCreateLab2Profile(nullptr), to = cmsCreate_sRGBProfile();
    constexpr cmsUInt32Number kLab = COLORSPACE_SH(PT_LabV2) | CHANNELS_SH(3) | BYTES_SH(1);
    if (from != nullptr && to != nullptr) transform = cmsCreateTransform(from, kLab, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    if (from != nullptr) cmsCloseProfile(from);
    if (to != nullptr) cmsCloseProfile(to);
    if (transform == nullptr) throw Failure("Little CMS cannot convert CIE LAB");
  }
  ~Lab() { cmsDeleteTransform(transform); }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  void convert(const std::uint8_t* row, std::uint32_t count, Target to) const {
    std::vector<std::uint8_t> pixels(row, row + std::size_t{3} * count);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] ^= i % 3 == 0 ? 0 : 128;  // TIFF's a and b are signed
    cmsDoTransform(transform, pixels.data(), pixels.data(), count);
    for (std::size_t i = 0; i < count; ++i, to.first += to.step) std::memcpy(to.first, &pixels[3 * i], 3);
  }
};

Converter::Converter(const Tags& tags)
    : tags_(tags), kind_(tags.kind()), lab_(kind_ == Kind::lab ? std::make_unique<Lab>() : nullptr) {}
Converter::~Converter() = default;

void Converter::grey(const std::uint8_t* row, std::uint32_t count, std::size_t samples, Target to) const {
  const unsigned bits = tags_.bits;
  if (tags_.format == SAMPLEFORMAT_IEEEFP) return fill_grey(count, to, [&](std::size_t i) { return clipped(load<float>(row, i)); });
  if (bits == 32) return fill_grey(count, to, [&](std::size_t i) { return clipped(load<std::int32_t>(row, i)); });
  if (bits == 16 && tags_.format == SAMPLEFORMAT_INT)
    return fill_grey(count, to, [&](std::size_t i) { return clipped(load<std::int16_t>(row, i)); });
  if (bits == 16) return fill_grey(count, to, [&](std::size_t i) { return clip_to_byte(load<std::uint16_t>(row, i)); });
  if (bits == 12) return fill_grey(count, to, [&](std::size_t i) { return clip_to_byte(packed(row, i, 12)); });
  const unsigned most = (1U << bits) - 1, flip = tags_.photometric == PHOTOMETRIC_MINISWHITE ? most : 0;
  fill_grey(count, to,
            [&](std::size_t i) { return static_cast<std::uint8_t>((packed(row, i * samples, bits) ^ flip) * 255 / most); });
}

void Converter::convert(const std::uint8_t* row, std::uint32_t count, Target to) const {
  const bool wide = tags_.bits == 16;
  const std::size_t samples = tags_.samples;
  switch (kind_) {
    case Kind::grey:
    case Kind::grey_alpha:
      return grey(row, count, samples, to);
    case Kind::palette:
      for (std::size_t i = 0; i < count; ++i, to.first += to.step) {
        const unsigned index = packed(row, i * samples, tags_.bits);
        for (int c = 0; c < 3; ++c) to.first[c] = static_cast<unsigned char>(tags_.colours[c][index] / 256);
      }
      return;
    case Kind::rgb:
    case Kind::ycbcr:
    case Kind::premultiplied:
      for (std::size_t i = 0; i < count; ++i, to.first += to.step) {
        for (std::size_t c = 0; c < 3; ++c) to.first[c] = upper(row, i * samples + c, wide);
        if (kind_ == Kind::premultiplied) divide_by_alpha(to.first, upper(row, i * samples + 3, wide));
      }
      return;
    case Kind::cmyk:
      for (std::size_t i = 0; i < count; ++i, to.first += to.step) {
        for (std::size_t c = 0; c < 3; ++c) to.first[c] = upper(row, i * samples + c, wide);
        mix_with_black(to.first, upper(row, i * samples + 3, wide));
      }
      return;
    case Kind::lab:
      return lab_->convert(row, count, to);
  }
}

void Converter::convert_plane(unsigned plane, const std::uint8_t* row, std::uint32_t count, Target to) const {
  const bool wide = tags_.bits == 16, single = kind_ == Kind::grey_alpha || kind_ == Kind::palette;
  if (single && plane == 0) {
    if (kind_ == Kind::grey_alpha) return grey(row, count, 1, to);
    for (std::size_t i = 0; i < count; ++i, to.first += to.step) {
      for (int c = 0; c < 3; ++c) to.first[c] = static_cast<unsigned char>(tags_.colours[c][row[i]] / 256);
    }
  } else if (!single && plane < 3) {
    for (std::size_t i = 0; i < count; ++i, to.first += to.step) to.first[plane] = upper(row, i, wide);
  } else if (plane == 3 && kind_ == Kind::cmyk) {
    for (std::size_t i = 0; i < count; ++i, to.first += to.step) mix_with_black(to.first, upper(row, i, wide));
  } else if (plane == 3 && kind_ == Kind::premultiplied) {
    for (std::size_t i = 0; i < count; ++i, to.first += to.step) divide_by_alpha(to.first, upper(row, i, wide));
  }
}

}  // namespace torchport::datasets::tiff
