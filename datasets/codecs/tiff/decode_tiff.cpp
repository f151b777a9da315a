// TIFF through libtiff, which knows the file's structure and its compressions. What becomes of the samples is done here, as Pillow
// does it: libtiff's own conversion to RGB scales and blends in other ways.
#include "datasets/codecs/tiff/decode_tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "datasets/codecs/reader.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::tiff::kVersion;
}

namespace torchport::datasets::tiff {
namespace {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file in memory, and libtiff's first complaint about it.
struct Source {
  const char* bytes;
  std::uint64_t size, at = 0;
  char complaint[200] = "";
};
Source& source(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t count) {
  Source& from = source(handle);
  const std::uint64_t taken = from.at > from.size ? 0 : std::min(static_cast<std::uint64_t>(count), from.size - from.at);
  std::memcpy(to, from.bytes + from.at, taken);
  from.at += taken;
  return static_cast<tmsize_t>(taken);
}
tmsize_t write_nothing(thandle_t /*handle*/, void* /*from*/, tmsize_t /*count*/) { return -1; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& in = source(handle);
  return in.at = offset + (whence == SEEK_CUR ? in.at : whence == SEEK_END ? in.size : 0);
}
int close_nothing(thandle_t /*handle*/) { return 0; }
toff_t size_of(thandle_t handle) { return source(handle).size; }

int on_error(TIFF* /*tiff*/, void* handle, const char* /*function*/, const char* format, va_list arguments) {
  Source& in = source(handle);
  if (in.complaint[0] == 0) std::vsnprintf(in.complaint, sizeof in.complaint, format, arguments);
  return 1;  // and nothing is printed
}
int on_warning(TIFF* /*tiff*/, void* /*handle*/, const char* /*function*/, const char* /*format*/, va_list /*arguments*/) {
  return 1;
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using File = std::unique_ptr<TIFF, Close>;

/// \throws Failure
File open(Source& in) {
  // What has no file to complain about must be silent as well.
  static const bool silent = (TIFFSetErrorHandler(nullptr), TIFFSetWarningHandler(nullptr), true);
  static_cast<void>(silent);
  constexpr std::uint64_t kForTags = std::uint64_t{64} << 20;  // more than the tags of any image take
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(in.size + kForTags));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &in);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &in);
  // m: not mapped, so that libtiff cannot write to the bytes.
  File file(TIFFClientOpenExt("file", "rm", &in, read_bytes, write_nothing, seek, close_nothing, size_of, nullptr, nullptr,
                              options.get()));
  if (!file) throw Failure(in.complaint[0] != 0 ? in.complaint : "the header is broken");
  return file;
}

/// The tags that the pixels depend on, and their values where a file does not say.
struct Tags {
  std::uint32_t width = 0, height = 0, rows_per_strip = 0, tile_width = 0, tile_height = 0;
  std::uint16_t bits = 1, samples = 1, compression = 1, photometric = 1, fill_order = 1, orientation = 1, planar = 1, format = 1;
  std::uint16_t extra_count = 0;
  const std::uint16_t *extra = nullptr, *colours[3] = {};
  bool tiled = false;

  explicit Tags(TIFF* file) : tiled(TIFFIsTiled(file) != 0) {
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
  }
  /// Pillow turns TIFF images (and no others) as their orientation says.
  bool turned() const { return orientation >= 5 && orientation <= 8; }
  const char* mode() const {
    switch (photometric) {
      case PHOTOMETRIC_RGB:
        return samples > 3 ? "RGBA" : "RGB";
      case PHOTOMETRIC_PALETTE:
        return "P";
      case PHOTOMETRIC_SEPARATED:
        return "CMYK";
      default:
        return samples > 1 ? "LA" : bits == 1 ? "1" : bits == 16 ? "I;16" : "L";
    }
  }
};

/// The kinds that Pillow reads alike. \throws Failure
void check_supported(const Tags& tags) {
  const auto refuse = [](const std::string& what) { throw Failure(what + " not supported"); };
  constexpr std::uint16_t kCompressions[] = {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
                                             COMPRESSION_PACKBITS};
  const std::uint16_t bits = tags.bits, photometric = tags.photometric;
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) refuse(std::to_string(bits) + " bits a sample are");
  if (tags.format != SAMPLEFORMAT_UINT) refuse("signed and floating-point samples are");
  if (std::find(std::begin(kCompressions), std::end(kCompressions), tags.compression) == std::end(kCompressions))
    refuse("the compression " + std::to_string(tags.compression) + " is");
  if (photometric > PHOTOMETRIC_PALETTE && photometric != PHOTOMETRIC_SEPARATED)
    refuse("the colour space " + std::to_string(photometric) + " is");
  const unsigned needed = photometric == PHOTOMETRIC_RGB ? 3 : photometric == PHOTOMETRIC_SEPARATED ? 4 : 1;
  if (tags.samples < needed || tags.samples > 6 || (needed > 1 && bits < 8))
    refuse(std::to_string(tags.samples) + " samples a pixel are");
  if (photometric == PHOTOMETRIC_PALETTE && (bits > 8 || tags.colours[2] == nullptr)) throw Failure("the palette is broken");
  if (tags.fill_order != FILLORDER_MSB2LSB) refuse("reversed bits are");
  if (tags.tiled && (tags.tile_width == 0 || tags.tile_height == 0)) throw Failure("tiles without pixels");
}

/// The samples of the image as bytes, pixel by pixel; samples beyond the fourth are dropped.
class Samples {
 public:
  Samples(TIFF* file, const Source& in, const Tags& tags)
      : file_(file), in_(in), tags_(tags), kept_(std::min<std::uint32_t>(tags.samples, 4)) {
    const std::uint32_t across = tags.tiled ? tags.tile_width : tags.width;
    const std::uint32_t down = tags.tiled ? tags.tile_height : std::min(tags.rows_per_strip - 1, tags.height - 1) + 1;
    if (std::uint64_t{across} * down > static_cast<std::uint64_t>(kMaxPixels)) throw Failure("a tile is too large");
    data.resize(std::size_t{tags.width} * tags.height * kept_);
    for (std::uint16_t plane = 0; plane < (tags.planar == PLANARCONFIG_SEPARATE ? tags.samples : 1); ++plane) {
      for (std::uint32_t top = 0; top < tags.height; top += down) {
        for (std::uint32_t left = 0; left < tags.width; left += across) {
          const std::uint32_t rows = tags.tiled ? down : std::min(down, tags.height - top);
          read(plane, left, top, row_bytes(across) * rows);
          place(plane, left, top, across, rows);
        }
      }
    }
  }
  std::uint32_t kept() const { return kept_; }
  std::vector<std::uint8_t> data;

 private:
  std::uint32_t together() const { return tags_.planar == PLANARCONFIG_SEPARATE ? 1 : tags_.samples; }
  std::size_t row_bytes(std::uint32_t width) const { return (std::size_t{width} * together() * tags_.bits + 7) / 8; }

  /// One strip or tile of `wanted` bytes. One that ends early is damage.
  void read(std::uint16_t plane, std::uint32_t left, std::uint32_t top, std::size_t wanted) {
    const std::uint32_t number = tags_.tiled ? TIFFComputeTile(file_, left, top, 0, plane) : TIFFComputeStrip(file_, top, plane);
    const std::uint64_t begin = TIFFGetStrileOffset(file_, number), count = TIFFGetStrileByteCount(file_, number);
    constexpr std::size_t kBestRatio = 3000;  // of any compression here: memory is only taken for bytes that can be there
    if (begin > in_.size || count > in_.size - begin || wanted / kBestRatio > count) throw Failure("premature end of data");
    chunk_.resize(wanted);
    const auto size = static_cast<tmsize_t>(wanted);
    const tmsize_t got = tags_.tiled ? TIFFReadEncodedTile(file_, number, chunk_.data(), size)
                                     : TIFFReadEncodedStrip(file_, number, chunk_.data(), size);
    if (got != size) throw Failure(in_.complaint[0] != 0 ? in_.complaint : "premature end of data");
  }

  /// Pillow clips 16-bit grey, takes the high byte of 16-bit colours, scales small grey.
  std::uint8_t sample(std::size_t row, std::size_t i) const {
    const unsigned bits = tags_.bits;
    if (bits == 8) return chunk_[row + i];
    if (bits == 16) {  // in this machine's order of bytes
      std::uint16_t value;
      std::memcpy(&value, &chunk_[row + 2 * i], sizeof value);
      return static_cast<std::uint8_t>(tags_.photometric <= PHOTOMETRIC_MINISBLACK ? images::clip_to_byte(value) : value >> 8);
    }
    const unsigned most = (1U << bits) - 1, value = chunk_[row + i * bits / 8] >> (8 - bits - i * bits % 8) & most;
    return static_cast<std::uint8_t>(tags_.photometric == PHOTOMETRIC_PALETTE ? value : value * 255 / most);
  }

  void place(std::uint32_t plane, std::uint32_t left, std::uint32_t top, std::uint32_t width, std::uint32_t rows) {
    if (plane >= kept_) return;
    const std::uint32_t right = std::min(left + width, tags_.width), bottom = std::min(top + rows, tags_.height);
    const std::uint32_t taken = tags_.planar == PLANARCONFIG_SEPARATE ? 1 : kept_;
    for (std::uint32_t y = top; y < bottom; ++y) {
      for (std::uint32_t x = left; x < right; ++x) {
        std::uint8_t* pixel = &data[(std::size_t{y} * tags_.width + x) * kept_ + plane];
        for (std::uint32_t c = 0; c < taken; ++c)
          pixel[c] = sample(row_bytes(width) * (y - top), std::size_t{x - left} * together() + c);
      }
    }
  }

  TIFF* file_;
  const Source& in_;
  const Tags& tags_;
  const std::uint32_t kept_;
  std::vector<std::uint8_t> chunk_;
};

/// One channel of one pixel's samples.
unsigned colour(const Tags& tags, const std::uint8_t* from, std::size_t c) {
  const bool premultiplied = tags.samples >= 4 && tags.extra_count > 0 && tags.extra[0] == EXTRASAMPLE_ASSOCALPHA && from[3] != 255;
  switch (tags.photometric) {
    case PHOTOMETRIC_MINISWHITE:
      return tags.bits == 16 ? from[0] : 255U - from[0];
    case PHOTOMETRIC_MINISBLACK:
      return from[0];
    case PHOTOMETRIC_RGB:
      return !premultiplied ? from[c] : from[3] == 0 ? 0 : images::clip_to_byte(255U * from[c] / from[3]);
    case PHOTOMETRIC_PALETTE:
      return tags.colours[c][from[0]] / 256U;
    default:
      return 255U - from[3] - images::share_of_255(from[c], 255U - from[3]);
  }
}

void decode(TIFF* file, const Source& in, const Tags& tags, unsigned char* rgb) {
  check_supported(tags);
  const Samples samples(file, in, tags);
  const unsigned turn = tags.orientation;
  const bool mirror_x = turn == 2 || turn == 3 || turn == 7 || turn == 8,
             mirror_y = turn == 3 || turn == 4 || turn == 6 || turn == 7;
  const std::size_t width = tags.width, height = tags.height, row_pixels = tags.turned() ? height : width;
  const std::uint8_t* from = samples.data.data();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x, from += samples.kept()) {
      std::size_t column = mirror_x ? width - 1 - x : x, row = mirror_y ? height - 1 - y : y;
      if (tags.turned()) std::swap(column, row);
      for (std::size_t c = 0; c < 3; ++c)
        rgb[(row * row_pixels + column) * 3 + c] = static_cast<unsigned char>(colour(tags, from, c));
    }
  }
}

}  // namespace

bool torchport_read_tiff(const char* bytes, std::size_t size, unsigned char* rgb, Image& image) {
  Source in{bytes, size};
  try {
    const File file = open(in);
    const Tags tags(file.get());
    const std::uint32_t width = tags.turned() ? tags.height : tags.width, height = tags.turned() ? tags.width : tags.height;
    if (rgb != nullptr && (width != image.width || height != image.height)) throw Failure("two sizes are given");
    image.width = width;
    image.height = height;
    image.mode = tags.mode();
    if (rgb != nullptr) decode(file.get(), in, tags, rgb);
    return true;
  } catch (const Failure& failure) {
    std::snprintf(image.reason, sizeof image.reason, "%s", failure.what());
    return false;
  }
}

}  // namespace torchport::datasets::tiff
