// TIFF: the first image of the file, in the kinds that Pillow reads alike: 1 to 16 bits, grey, RGB, palette or CMYK, strips or
// tiles.
#include "datasets/codecs/tiff.h"

namespace torchport::datasets::images {
namespace {

std::vector<std::uint32_t> values(const Reader& in, std::size_t entry) {
  const unsigned type = in.u16(entry + 2);
  const std::size_t size = type == 3 ? 2 : type == 4 ? 4 : 1;  // SHORT, LONG, BYTE; the tags read here have no other type
  const std::size_t count = in.u32(entry + 4);
  const std::size_t at = count * size <= 4 ? entry + 8 : in.u32(entry + 8);
  in.need(at, count * size);
  std::vector<std::uint32_t> found(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = at + i * size;
    found[i] = size == 2 ? in.u16(place) : size == 4 ? in.u32(place) : in.u8(place);
  }
  return found;
}

/// The samples of the image as bytes, pixel by pixel; samples beyond the fourth are dropped.
class Samples {
 public:
  Samples(std::string_view bytes, const Reader& in, const TiffTags& tags)
      : bytes_(bytes), in_(in), tags_(tags), bits_(tags.bits[0]), kept_(std::min(tags.samples, 4u)) {
    data.resize(std::size_t{tags.width} * tags.height * kept_);
    const std::uint32_t chunk_width = tags.tiled() ? tags.tile_width : tags.width;
    const std::uint32_t chunk_height = tags.tiled() ? tags.tile_height : std::min(tags.rows_per_strip - 1, tags.height - 1) + 1;
    const std::uint32_t planes = tags.planar == 2 ? tags.samples : 1;
    if (std::uint64_t{chunk_width} * chunk_height > static_cast<std::uint64_t>(kMaxPixels)) in.fail("a tile is too large");
    std::size_t chunk = 0;
    for (std::uint32_t plane = 0; plane < planes; ++plane) {
      for (std::uint32_t top = 0; top < tags.height; top += chunk_height) {
        for (std::uint32_t left = 0; left < tags.width; left += chunk_width) {
          const std::uint32_t rows = tags.tiled() ? chunk_height : std::min(chunk_height, tags.height - top);
          read_chunk(chunk++, chunk_width, rows);
          place_chunk(plane, left, top, chunk_width, rows);
        }
      }
    }
  }

  std::size_t kept() const { return kept_; }
  std::vector<std::uint8_t> data;

 private:
  std::uint32_t in_chunk() const { return tags_.planar == 2 ? 1 : tags_.samples; }
  std::size_t row_bytes(std::uint32_t width) const { return (std::size_t{width} * in_chunk() * bits_ + 7) / 8; }

  void read_chunk(std::size_t index, std::uint32_t width, std::uint32_t rows) {
    if (index >= tags_.offsets.size() || index >= tags_.counts.size()) in_.fail("a strip is missing");
    constexpr std::size_t kBestRatio = 3000;  // of any compression here: memory is only taken for bytes that can be there
    const std::size_t wanted = row_bytes(width) * rows;
    if (wanted / kBestRatio > tags_.counts[index]) in_.fail("premature end of data");
    chunk_.resize(wanted);
    decompress_tiff(tags_.compression, in_.text(tags_.offsets[index], tags_.counts[index]), chunk_);
    if (tags_.predictor != 2) return;
    const std::size_t step = in_chunk(), stride = row_bytes(width), size = bits_ / 8;
    for (std::size_t row = 0; row < chunk_.size(); row += stride) {
      for (std::size_t i = row + step * size; i < row + stride; i += size) {
        if (size == 1) {
          chunk_[i] = static_cast<std::uint8_t>(chunk_[i] + chunk_[i - step]);
        } else {
          store16(i, word(i) + word(i - 2 * step));
        }
      }
    }
  }
  bool big_endian() const { return bytes_[0] == 'M'; }
  unsigned word(std::size_t i) const { return big_endian() ? chunk_[i] * 256u + chunk_[i + 1] : chunk_[i + 1] * 256u + chunk_[i]; }
  void store16(std::size_t i, unsigned value) {
    chunk_[i + (big_endian() ? 1 : 0)] = static_cast<std::uint8_t>(value);
    chunk_[i + (big_endian() ? 0 : 1)] = static_cast<std::uint8_t>(value >> 8);
  }

  /// Sample `i` of the row that starts at `row`. Pillow clips 16-bit grey, takes the high byte of 16-bit colours, scales small
  /// grey.
  std::uint8_t sample(std::size_t row, std::size_t i) const {
    if (bits_ == 8) return chunk_[row + i];
    if (bits_ == 16)
      return tags_.photometric <= 1 ? clip_to_byte(word(row + 2 * i)) : static_cast<std::uint8_t>(word(row + 2 * i) >> 8);
    const unsigned most = (1u << bits_) - 1;
    const unsigned value = chunk_[row + i * bits_ / 8] >> (8 - bits_ - i * bits_ % 8) & most;
    return static_cast<std::uint8_t>(tags_.photometric == 3 ? value : value * 255 / most);
  }

  void place_chunk(std::uint32_t plane, std::uint32_t left, std::uint32_t top, std::uint32_t width, std::uint32_t rows) {
    if (plane >= kept_) return;
    const std::uint32_t right = std::min(left + width, tags_.width), bottom = std::min(top + rows, tags_.height);
    const std::size_t taken = tags_.planar == 2 ? 1 : kept_;
    for (std::uint32_t y = top; y < bottom; ++y) {
      const std::size_t row = row_bytes(width) * (y - top);
      for (std::uint32_t x = left; x < right; ++x) {
        std::uint8_t* pixel = &data[(std::size_t{y} * tags_.width + x) * kept_];
        for (std::size_t c = 0; c < taken; ++c) pixel[plane + c] = sample(row, std::size_t{x - left} * in_chunk() + c);
      }
    }
  }

  std::string_view bytes_;
  const Reader& in_;
  const TiffTags& tags_;
  const unsigned bits_;
  const std::uint32_t kept_;
  std::vector<std::uint8_t> chunk_;
};

void check_supported(const Reader& in, const TiffTags& tags) {
  const auto refuse = [&](const std::string& what) { in.fail(what + " not supported"); };
  const unsigned bits = tags.bits.empty() ? 0 : tags.bits[0];
  for (const std::uint32_t other : tags.bits) {
    if (other != bits) refuse("samples of different depth are");
  }
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) refuse(std::to_string(bits) + " bits a sample are");
  for (const std::uint32_t format : tags.format) {
    if (format != 1) refuse("signed and floating-point samples are");
  }
  if (tags.photometric > 3 && tags.photometric != 5) refuse("the colour space " + std::to_string(tags.photometric) + " is");
  const unsigned needed = tags.photometric == 2 ? 3 : tags.photometric == 5 ? 4 : 1;
  if (tags.samples < needed || tags.samples > 6 || (needed > 1 && bits < 8))
    refuse(std::to_string(tags.samples) + " samples a pixel are");
  if (tags.photometric == 3 && (bits > 8 || tags.colours.size() != std::size_t{3} << bits)) in.fail("the palette is broken");
  if (tags.fill_order != 1) refuse("reversed bits are");
  if (tags.predictor > 2 || (tags.predictor == 2 && bits < 8)) refuse("the predictor is");
  if (tags.tiled() && tags.tile_height == 0) in.fail("tiles without height");
}

/// One pixel's samples to RGB.
void to_rgb(const TiffTags& tags, const std::uint8_t* from, std::uint8_t* rgb) {
  const std::size_t palette = tags.colours.size() / 3;
  const bool premultiplied = tags.samples >= 4 && !tags.extra.empty() && tags.extra[0] == 1 && from[3] != 255;
  for (std::size_t c = 0; c < 3; ++c) {
    switch (tags.photometric) {
      case 0:
        rgb[c] = static_cast<std::uint8_t>(tags.bits[0] == 16 ? from[0] : 255 - from[0]);
        break;
      case 1:
        rgb[c] = from[0];
        break;
      case 2:
        rgb[c] = !premultiplied ? from[c] : from[3] == 0 ? std::uint8_t{0} : clip_to_byte(255u * from[c] / from[3]);
        break;
      case 3:
        rgb[c] = static_cast<std::uint8_t>(tags.colours[c * palette + from[0]] / 256);
        break;
      default:
        rgb[c] = static_cast<std::uint8_t>(255 - from[3] - share_of_255(from[c], 255u - from[3]));
        break;
    }
  }
}

}  // namespace

TiffTags read_tiff_tags(const Reader& in) {
  TiffTags tags;
  const std::map<unsigned, std::uint32_t*> numbers = {
      {256, &tags.width},      {257, &tags.height},      {259, &tags.compression}, {262, &tags.photometric},
      {266, &tags.fill_order}, {274, &tags.orientation}, {277, &tags.samples},     {278, &tags.rows_per_strip},
      {284, &tags.planar},     {317, &tags.predictor},   {322, &tags.tile_width},  {323, &tags.tile_height}};
  const std::map<unsigned, std::vector<std::uint32_t>*> lists = {{258, &tags.bits},    {273, &tags.offsets}, {279, &tags.counts},
                                                                 {320, &tags.colours}, {324, &tags.offsets}, {325, &tags.counts},
                                                                 {338, &tags.extra},   {339, &tags.format}};
  const std::size_t directory = in.u32(4);
  const std::size_t entries = in.u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    const unsigned tag = in.u16(entry);
    if (const auto number = numbers.find(tag); number != numbers.end()) {
      const auto found = values(in, entry);
      if (found.empty()) in.fail("an empty tag");
      *number->second = found[0];
    } else if (const auto list = lists.find(tag); list != lists.end()) {
      *list->second = values(in, entry);
    }
  }
  return tags;
}

ImageHeader tiff_header(std::string_view bytes) {
  const Reader in(bytes, "TIFF", bytes[0] == 'M');
  const TiffTags tags = read_tiff_tags(in);
  constexpr std::uint32_t kMost = 1u << 30;  // far above the cap
  const int width = static_cast<int>(std::min(tags.width, kMost)), height = static_cast<int>(std::min(tags.height, kMost));
  return tags.turned() ? ImageHeader{ImageFormat::tiff, height, width} : ImageHeader{ImageFormat::tiff, width, height};
}

void decode_tiff(std::string_view bytes, Pixels& out) {
  const Reader in(bytes, "TIFF", bytes[0] == 'M');
  const TiffTags tags = read_tiff_tags(in);
  check_supported(in, tags);
  const Samples samples(bytes, in, tags);
  const unsigned turn = tags.orientation;
  const std::size_t width = tags.width, height = tags.height;
  const std::uint8_t* from = samples.data.data();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x, from += samples.kept()) {
      const bool mirror_x = turn == 2 || turn == 3 || turn == 7 || turn == 8,
                 mirror_y = turn == 3 || turn == 4 || turn == 6 || turn == 7;
      std::size_t column = mirror_x ? width - 1 - x : x, row = mirror_y ? height - 1 - y : y;
      if (tags.turned()) std::swap(column, row);
      to_rgb(tags, from, &out.rgb[(row * static_cast<std::size_t>(out.width) + column) * 3]);
    }
  }
}

}  // namespace torchport::datasets::images
