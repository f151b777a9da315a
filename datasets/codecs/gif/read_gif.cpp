// The first frame of a GIF file through giflib, on a canvas as Pillow makes it: as large as the screen or, if that is larger, the
// frame, and where the frame is not, the transparent colour or else the palette's first.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "datasets/codecs/image_module.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::image_module::kVersion;
}

namespace torchport::datasets::image_module {
namespace {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Source {
  const char* bytes;
  std::size_t left;
};

int read_bytes(GifFileType* file, GifByteType* to, int count) {
  Source& from = *static_cast<Source*>(file->UserData);
  const std::size_t taken = std::min(from.left, static_cast<std::size_t>(std::max(count, 0)));
  std::memcpy(to, from.bytes, taken);
  from.bytes += taken;
  from.left -= taken;
  return static_cast<int>(taken);
}

struct Close {
  void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};
using File = std::unique_ptr<GifFileType, Close>;

/// giflib names the part that it could not read; where the file ends there, that is the reason.
[[noreturn]] void fail(int error, const Source& source) {
  const char* const reason = source.left == 0 ? nullptr : GifErrorString(error);
  throw Failure(reason == nullptr ? "premature end of data" : reason);
}
[[noreturn]] void fail(const GifFileType* file) { fail(file->Error, *static_cast<const Source*>(file->UserData)); }

/// Goes on to the first frame's data; returns the transparent colour before it, or -1. \throws Failure
int find_frame(GifFileType* file) {
  int transparent = -1;
  for (GifRecordType record{}; record != IMAGE_DESC_RECORD_TYPE;) {
    if (DGifGetRecordType(file, &record) == GIF_ERROR) fail(file);
    if (record == TERMINATE_RECORD_TYPE) throw Failure("there is no image in it");
    if (record != EXTENSION_RECORD_TYPE) continue;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(file, &code, &block) == GIF_ERROR) fail(file);
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0) transparent = block[4];
    while (block != nullptr) {
      if (DGifGetExtensionNext(file, &block) == GIF_ERROR) fail(file);
    }
  }
  if (DGifGetImageDesc(file) == GIF_ERROR) fail(file);
  if (file->Image.Width < 1 || file->Image.Height < 1) throw Failure("the first frame has no pixels");
  return transparent;
}

using Palette = std::array<std::array<unsigned char, 3>, 256>;

/// Pillow takes no notice of a palette whose colours are their own indices as greys.
bool counts(const ColorMapObject* map) {
  if (map == nullptr) return false;
  for (int i = 0; i < map->ColorCount; ++i) {
    const GifColorType& colour = map->Colors[i];
    if (colour.Red != i || colour.Green != i || colour.Blue != i) return true;
  }
  return false;
}

/// The colours of the frame: grey without a palette, black beyond its end.
Palette palette_of(const GifFileType* file) {
  const ColorMapObject* const map = counts(file->Image.ColorMap) ? file->Image.ColorMap
                                    : counts(file->SColorMap)    ? file->SColorMap
                                                                 : nullptr;
  Palette palette{};
  for (std::size_t i = 0; i < palette.size(); ++i) {
    const auto grey = static_cast<unsigned char>(i);
    if (map == nullptr) {
      palette[i] = {grey, grey, grey};
    } else if (i < static_cast<std::size_t>(map->ColorCount)) {
      palette[i] = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
    }
  }
  return palette;
}

/// The rows of the frame, in the order of the file.
std::vector<int> row_order(int height, bool interlaced) {
  std::vector<int> rows;
  if (!interlaced) {
    for (int y = 0; y < height; ++y) rows.push_back(y);
    return rows;
  }
  constexpr int kPasses[4][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};  // first row, step
  for (const auto& [first, step] : kPasses) {
    for (int y = first; y < height; y += step) rows.push_back(y);
  }
  return rows;
}

void decode(GifFileType* file, int transparent, const Image& image, unsigned char* rgb) {
  const Palette palette = palette_of(file);
  const GifImageDesc& frame = file->Image;
  const std::size_t width = image.width, across = static_cast<std::size_t>(frame.Width);
  if (across != width || static_cast<std::uint32_t>(frame.Height) != image.height) {
    const auto& outside = palette[static_cast<std::size_t>(std::max(transparent, 0))];
    for (std::size_t i = 0; i < width * image.height; ++i) std::memcpy(rgb + 3 * i, outside.data(), 3);
  }
  std::vector<GifPixelType> row(across);
  for (const int y : row_order(frame.Height, frame.Interlace)) {
    if (DGifGetLine(file, row.data(), frame.Width) == GIF_ERROR) fail(file);
    unsigned char* pixel = rgb + 3 * (static_cast<std::size_t>(frame.Top + y) * width + static_cast<std::size_t>(frame.Left));
    for (const GifPixelType index : row) {
      std::memcpy(pixel, palette[index].data(), 3);
      pixel += 3;
    }
  }
}

}  // namespace

bool torchport_read_image(const char* bytes, std::size_t size, unsigned char* rgb, Image& image) {
  Source source{bytes, size};
  try {
    int error = 0;
    const File file(DGifOpen(&source, read_bytes, &error));
    if (!file) fail(error, source);
    const int transparent = find_frame(file.get());
    const GifImageDesc& frame = file->Image;
    const auto width = static_cast<std::uint32_t>(std::max(file->SWidth, frame.Left + frame.Width));
    const auto height = static_cast<std::uint32_t>(std::max(file->SHeight, frame.Top + frame.Height));
    if (rgb != nullptr && (width != image.width || height != image.height)) throw Failure("two sizes are given");
    image.width = width;
    image.height = height;
    image.mode = counts(frame.ColorMap) || counts(file->SColorMap) ? "P" : "L";
    if (rgb != nullptr) decode(file.get(), transparent, image, rgb);
    return true;
  } catch (const Failure& failure) {
    std::snprintf(image.reason, sizeof image.reason, "%s", failure.what());
    return false;
  }
}

}  // namespace torchport::datasets::image_module
