// TIFF through libtiff, which knows the file's structure and its compressions: the first image of the file, row by row, so that no
// more of it is in memory than its pixels.
#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/codecs/header.h"
#include "datasets/codecs/image_module.h"
#include "datasets/codecs/tiff/pixels.h"
#include "datasets/codecs/tiff/tags.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::image_module::kVersion;
}

namespace torchport::datasets::image_module {
namespace {

using tiff::Converter;
using tiff::Failure;
using tiff::Kind;
using tiff::Tags;
using tiff::Target;

/// A file in memory, and the first complaint about it.
struct Source {
  const char* bytes;
  std::uint64_t size, at = 0;
  std::uint32_t photometric = 0;  ///< as the file states it
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
  if (in.complaint[0] != 0) return 1;  // and nothing is printed
  std::vsnprintf(in.complaint, sizeof in.complaint, format, arguments);
  for (char& c : in.complaint) c = c == '\n' ? ' ' : c;  // some of libtiff's sentences have two lines
  return 1;
}
/// libjpeg goes on after damage and only warns: no grey area shall pass for an image.
int on_warning(TIFF* tiff, void* handle, const char* function, const char* format, va_list arguments) {
  return function != nullptr && std::string_view(function) == "JPEGLib" ? on_error(tiff, handle, function, format, arguments) : 1;
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
  in.photometric = tiff::check_directory({in.bytes, in.size});
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

/// The compressions of Pillow, as far as this libtiff has them. \throws Failure
void check_compression(std::uint16_t compression) {
  constexpr std::uint16_t kKnown[] = {
      COMPRESSION_NONE,        COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,     COMPRESSION_CCITTFAX4, COMPRESSION_LZW,
      COMPRESSION_OJPEG,       COMPRESSION_JPEG,     COMPRESSION_ADOBE_DEFLATE, COMPRESSION_CCITTRLEW, COMPRESSION_PACKBITS,
      COMPRESSION_THUNDERSCAN, COMPRESSION_DEFLATE,  COMPRESSION_LZMA,          COMPRESSION_ZSTD,      COMPRESSION_WEBP};
  if (std::find(std::begin(kKnown), std::end(kKnown), compression) == std::end(kKnown) || TIFFIsCODECConfigured(compression) == 0)
    throw Failure("the compression " + std::to_string(compression) + " is not supported");
}

/// Reads the pixels of one image into their places.
class Decoder {
 public:
  Decoder(TIFF* file, const Source& in, const Tags& tags, unsigned char* rgb)
      : file_(file), in_(in), tags_(tags), converter_(tags), rgb_(rgb) {}

  void run() {
    check_compression(tags_.compression);
    if (tags_.jpeg_makes_rgb()) TIFFSetField(file_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    check_chunks();
    if (tags_.kind() == Kind::ycbcr && !tags_.jpeg_makes_rgb()) {
      read_by_libtiff();
    } else if (tags_.tiled) {
      read_tiles();
    } else {
      read_rows();
    }
    if (in_.complaint[0] != 0) throw Failure(in_.complaint);
  }

 private:
  [[noreturn]] void fail() const { throw Failure(in_.complaint[0] != 0 ? in_.complaint : "premature end of data"); }
  unsigned planes() const { return tags_.separate() ? tags_.samples : 1; }

  /// That all strips or tiles lie in the file and not a thousand times on the same bytes.
  void check_chunks() const {
    const std::uint32_t count = tags_.tiled ? TIFFNumberOfTiles(file_) : TIFFNumberOfStrips(file_);
    constexpr std::uint64_t kForShared = std::uint64_t{64} << 20;  // equal tiles may be stored once
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t begin = TIFFGetStrileOffset(file_, i), size = TIFFGetStrileByteCount(file_, i);
      if (begin > in_.size || size == 0 || size > in_.size - begin) throw Failure("premature end of data");
      sum += size;
      if (sum > 8 * in_.size + kForShared) throw Failure("its strips lie on each other");
    }
  }

  /// Where a pixel goes, and how far it is to the next of its row.
  Target target(std::uint32_t x, std::uint32_t y) const {
    const unsigned turn = tags_.orientation;
    const bool mirror_x = turn == 2 || turn == 3 || turn == 7 || turn == 8,
               mirror_y = turn == 3 || turn == 4 || turn == 6 || turn == 7;
    std::size_t column = mirror_x ? tags_.width - 1 - x : x, row = mirror_y ? tags_.height - 1 - y : y;
    if (tags_.turned()) std::swap(column, row);
    const auto row_bytes = static_cast<std::ptrdiff_t>(3 * std::size_t{tags_.turned() ? tags_.height : tags_.width});
    const std::ptrdiff_t along = tags_.turned() ? row_bytes : 3;
    return {rgb_ + static_cast<std::ptrdiff_t>(row) * row_bytes + static_cast<std::ptrdiff_t>(column) * 3,
            mirror_x ? -along : along};
  }

  void take(unsigned plane, const std::uint8_t* row, std::uint32_t x, std::uint32_t y, std::uint32_t count) const {
    if (tags_.separate()) {
      converter_.convert_plane(plane, row, count, target(x, y));
    } else {
      converter_.convert(row, count, target(x, y));
    }
  }

  std::size_t bytes_of(std::uint32_t width) const {
    return (std::size_t{width} * (tags_.separate() ? 1 : tags_.samples) * tags_.bits + 7) / 8;
  }

  void read_rows() {
    const tmsize_t size = TIFFScanlineSize(file_);
    if (size < 0 || static_cast<std::size_t>(size) < bytes_of(tags_.width)) throw Failure("the rows are too short");
    std::vector<std::uint8_t> row(static_cast<std::size_t>(size) + 1);  // one more: 12 bits are taken two bytes at a time
    for (unsigned plane = 0; plane < planes(); ++plane) {
      for (std::uint32_t y = 0; y < tags_.height; ++y) {
        if (TIFFReadScanline(file_, row.data(), y, static_cast<std::uint16_t>(plane)) != 1) fail();
        take(plane, row.data(), 0, y, tags_.width);
      }
    }
  }

  void read_tiles() {
    const std::uint32_t across = tags_.tile_width, down = tags_.tile_height;
    const tmsize_t size = TIFFTileSize(file_), stride = TIFFTileRowSize(file_);
    constexpr tmsize_t kMost = tmsize_t{3} * kMaxPixels;
    constexpr std::uint64_t kMostTogether = std::uint64_t{16} * kMaxPixels;  // as bytes: small images have small tiles
    if (across == 0 || down == 0 || size <= 0 || stride <= 0) throw Failure("tiles without pixels");
    if (size > kMost || static_cast<std::uint64_t>(size) > kMostTogether / TIFFNumberOfTiles(file_))
      throw Failure("a tile is too large");
    if (static_cast<std::size_t>(stride) < bytes_of(across)) throw Failure("the rows are too short");
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(size) + 1);
    for (unsigned plane = 0; plane < planes(); ++plane) {
      for (std::uint32_t top = 0; top < tags_.height; top += std::min(down, tags_.height - top)) {
        for (std::uint32_t left = 0; left < tags_.width; left += std::min(across, tags_.width - left)) {
          const std::uint32_t number = TIFFComputeTile(file_, left, top, 0, static_cast<std::uint16_t>(plane));
          if (TIFFReadEncodedTile(file_, number, tile.data(), size) != size) fail();
          const std::uint32_t rows = std::min(down, tags_.height - top), columns = std::min(across, tags_.width - left);
          for (std::uint32_t y = 0; y < rows; ++y)
            take(plane, tile.data() + std::size_t{y} * static_cast<std::size_t>(stride), left, top + y, columns);
        }
      }
    }
  }

  /// YCbCr of other compressions than JPEG: libtiff makes RGBA of it, block by block, as it does for Pillow.
  void read_by_libtiff() {
    constexpr std::uint64_t kMost = std::uint64_t{16} << 20;  // pixels of a block
    TIFFRGBAImage image{};
    char reason[1024] = "";
    if (TIFFRGBAImageOK(file_, reason) == 0 || TIFFRGBAImageBegin(&image, file_, 0, reason) == 0)
      throw Failure(reason[0] != 0 ? reason : "the pixels are broken");
    const std::unique_ptr<TIFFRGBAImage, void (*)(TIFFRGBAImage*)> end(&image, TIFFRGBAImageEnd);
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
    const std::uint32_t down = std::min(tags_.tiled ? tags_.tile_height : tags_.rows_per_strip, tags_.height);
    if (down == 0 || std::uint64_t{down} * tags_.width > kMost) throw Failure("a strip is too large");
    std::vector<std::uint32_t> block(std::size_t{down} * tags_.width);
    for (std::uint32_t top = 0; top < tags_.height; top += down) {
      const std::uint32_t rows = std::min(down, tags_.height - top);
      image.row_offset = static_cast<int>(top);
      if (TIFFRGBAImageGet(&image, block.data(), tags_.width, rows) == 0) fail();
      for (std::uint32_t y = 0; y < rows; ++y) {
        Target to = target(0, top + y);
        for (std::uint32_t x = 0; x < tags_.width; ++x, to.first += to.step) {
          const std::uint32_t pixel = block[std::size_t{y} * tags_.width + x];
          to.first[0] = TIFFGetR(pixel);
          to.first[1] = TIFFGetG(pixel);
          to.first[2] = TIFFGetB(pixel);
        }
      }
    }
  }

  TIFF* file_;
  const Source& in_;
  const Tags& tags_;
  const Converter converter_;
  unsigned char* rgb_;
};

}  // namespace

bool torchport_read_image(const char* bytes, std::size_t size, unsigned char* rgb, Image& image) {
  Source in{bytes, size};
  try {
    const File file = open(in);
    const Tags tags(file.get());
    const bool palette = in.photometric == PHOTOMETRIC_PALETTE;  // libtiff makes grey or RGB of one that lacks colours
    if (palette && tags.photometric != PHOTOMETRIC_PALETTE) throw Failure("the palette is broken");
    const std::uint32_t width = tags.turned() ? tags.height : tags.width, height = tags.turned() ? tags.width : tags.height;
    if (rgb != nullptr && (width != image.width || height != image.height)) throw Failure("two sizes are given");
    image.width = width;
    image.height = height;
    image.mode = tags.mode();
    if (rgb != nullptr) Decoder(file.get(), in, tags, rgb).run();
    return true;
  } catch (const Failure& failure) {
    std::snprintf(image.reason, sizeof image.reason, "%s", failure.what());
    return false;
  }
}

}  // namespace torchport::datasets::image_module
