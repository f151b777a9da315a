#include "datasets/codecs/tiff/tags.h"

#include <algorithm>
#include <string>

#include "datasets/codecs/reader.h"

namespace torchport::datasets::tiff {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Failure(what + " not supported"); }

constexpr std::uint16_t kCorelAlpha = 999;  // what Corel Draw 10 writes

/// Kinds of samples that are grey, by what they hold.
bool grey_samples(const Tags& tags) {
  const bool black_is_0 = tags.photometric == PHOTOMETRIC_MINISBLACK, reversed = tags.fill_order == FILLORDER_LSB2MSB;
  switch (tags.format) {
    case SAMPLEFORMAT_UINT:
      if (tags.bits <= 8) return true;
      if (tags.bits == 12) return black_is_0 && !tags.big_endian && !reversed;
      if (tags.bits == 16) return black_is_0 ? !(tags.big_endian && reversed) : !tags.big_endian && !reversed;
      return tags.bits == 32 && black_is_0 && !tags.big_endian && !reversed;
    case SAMPLEFORMAT_INT:
      return black_is_0 && !reversed && (tags.bits == 8 || tags.bits == 16 || tags.bits == 32);
    case SAMPLEFORMAT_IEEEFP:
      return tags.bits == 32 && !reversed;
    default:
      return false;
  }
}

void check_samples(const Tags& tags, unsigned colours, unsigned most) {
  const bool first_fits = tags.extra_count == 0 || colours != 4 || tags.extra[0] == EXTRASAMPLE_UNSPECIFIED;
  const bool rest_fits = tags.extra_count < 2 || std::all_of(tags.extra + 1, tags.extra + tags.extra_count,
                                                             [](std::uint16_t extra) { return extra == EXTRASAMPLE_UNSPECIFIED; });
  // A fourth sample of RGB is alpha where nothing else is said.
  const bool bare_alpha = colours == 3 && tags.samples == 4 && tags.extra_count == 0;
  if (tags.samples > most || (tags.samples != colours + tags.extra_count && !bare_alpha) || !first_fits || !rest_fits)
    refuse(std::to_string(tags.samples) + " samples a pixel are");
}

/// The photometric interpretations of colours.
Kind colour_kind(const Tags& tags) {
  const bool wide = tags.bits == 16;
  if (tags.format != SAMPLEFORMAT_UINT) refuse("signed and floating-point samples are");
  if (tags.fill_order != FILLORDER_MSB2LSB && (tags.photometric != PHOTOMETRIC_RGB || wide || tags.samples > 3))
    refuse("reversed bits are");
  if (tags.bits != 8 && !wide) refuse(std::to_string(tags.bits) + " bits a sample are");
  switch (tags.photometric) {
    case PHOTOMETRIC_RGB:
      check_samples(tags, 3, wide ? 4 : 6);
      return tags.extra_count > 0 && tags.extra[0] == EXTRASAMPLE_ASSOCALPHA ? Kind::premultiplied : Kind::rgb;
    case PHOTOMETRIC_SEPARATED:
      if (wide && tags.big_endian) refuse("16 bits a sample are");
      check_samples(tags, 4, wide ? 4 : 6);
      return Kind::cmyk;
    default:
      if (wide) refuse("16 bits a sample are");
      if (tags.photometric == PHOTOMETRIC_YCBCR && tags.samples == 1) return Kind::grey;
      check_samples(tags, 3, 3);
      if (tags.photometric == PHOTOMETRIC_YCBCR) return Kind::ycbcr;
      if (tags.separate()) refuse("CIE LAB in planes is");
      return Kind::lab;
  }
}

}  // namespace

Tags::Tags(TIFF* file) : tiled(TIFFIsTiled(file) != 0), big_endian(TIFFIsBigEndian(file) != 0) {
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetField(file, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(file, TIFFTAG_TILELENGTH, &tile_height);
  TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetField(file, TIFFTAG_COLORMAP, &colours[0], &colours[1], &colours[2]);
  TIFFGetFieldDefaulted(file, TIFFTAG_ROWSPERSTRIP, &rows_per_strip);
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(file, TIFFTAG_FILLORDER, &fill_order);
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &orientation);
  TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  if (compression == COMPRESSION_OJPEG) photometric = PHOTOMETRIC_YCBCR;
}

Kind Tags::kind() const {
  const bool reversed = fill_order != FILLORDER_MSB2LSB;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      if (samples == 1 && extra_count == 0) {
        if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 12 && bits != 16 && bits != 32)
          refuse(std::to_string(bits) + " bits a sample are");
        if (!grey_samples(*this))
          refuse("grey of this kind (bits " + std::to_string(bits) + ", format " + std::to_string(format) + ") is");
        return Kind::grey;
      }
      if (samples != 2 || bits != 8 || extra_count != 1 || format != SAMPLEFORMAT_UINT || reversed ||
          photometric == PHOTOMETRIC_MINISWHITE || (extra[0] != EXTRASAMPLE_UNASSALPHA && extra[0] != kCorelAlpha))
        refuse(std::to_string(samples) + " samples a pixel are");
      return Kind::grey_alpha;
    case PHOTOMETRIC_PALETTE:
      if (bits > 8 || colours[2] == nullptr) throw Failure("the palette is broken");
      if (format != SAMPLEFORMAT_UINT) refuse("signed and floating-point samples are");
      if (bits != 1 && bits != 2 && bits != 4 && bits != 8) refuse(std::to_string(bits) + " bits a sample are");
      if (samples > 2 || (samples == 2 && (bits != 8 || extra_count != 1 || reversed)))
        refuse(std::to_string(samples) + " samples a pixel are");
      return Kind::palette;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_SEPARATED:
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
      return colour_kind(*this);
    default:
      refuse("the colour space " + std::to_string(photometric) + " is");
  }
}

const char* Tags::mode() const {
  switch (photometric) {
    case PHOTOMETRIC_RGB:
      return samples > 3 ? "RGBA" : "RGB";
    case PHOTOMETRIC_PALETTE:
      return samples > 1 ? "PA" : "P";
    case PHOTOMETRIC_SEPARATED:
      return "CMYK";
    case PHOTOMETRIC_YCBCR:
      return samples > 1 ? "RGB" : "L";
    case PHOTOMETRIC_CIELAB:
      return "LAB";
    default:
      if (samples > 1) return "LA";
      if (format == SAMPLEFORMAT_IEEEFP) return "F";
      if (bits == 32 || (bits == 16 && format == SAMPLEFORMAT_INT)) return "I";
      return bits == 1 ? "1" : bits > 8 ? "I;16" : "L";
  }
}

std::uint32_t check_directory(std::string_view bytes) {
  constexpr std::uint64_t kMostTags = 4096;
  try {
    const images::Reader in(bytes, "", bytes.starts_with('M'));
    const bool big = in.u16(2) == 43;
    const auto u64 = [&](std::size_t at) {
      const std::uint64_t first = in.u32(at), second = in.u32(at + 4);
      return bytes.starts_with('M') ? first << 32 | second : second << 32 | first;
    };
    const std::uint64_t directory = big ? u64(8) : in.u32(4);
    if (directory > bytes.size()) throw Failure("premature end of data");
    const auto begin = static_cast<std::size_t>(directory);
    const std::uint64_t tags = big ? u64(begin) : in.u16(begin);
    if (tags > kMostTags) throw Failure("more than " + std::to_string(kMostTags) + " tags");
    constexpr std::uint64_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    std::uint64_t sum = 0;
    std::uint32_t photometric = 0;
    for (std::size_t i = 0; i < tags; ++i) {
      const std::size_t entry = begin + (big ? 8 + 20 * i : 2 + 12 * i);
      const std::uint64_t type = in.u16(entry + 2), count = big ? u64(entry + 4) : in.u32(entry + 4);
      if (type >= std::size(kSizes) || kSizes[type] == 0) continue;
      if (in.u16(entry) == TIFFTAG_PHOTOMETRIC && type == TIFF_SHORT) photometric = in.u16(entry + (big ? 12 : 8));
      if (count > bytes.size() / kSizes[type] + 8) throw Failure("a tag has more values than the file");
      const std::uint64_t size = count * kSizes[type];
      if (size > (big ? 8U : 4U)) sum += size;
    }
    if (sum > bytes.size()) throw Failure("its tags have more values than the file");
    return photometric;
  } catch (const ImageError&) {
    throw Failure("premature end of data");
  }
}

}  // namespace torchport::datasets::tiff
