// The compressions of TIFF strips and tiles: none, PackBits, LZW and Deflate. A strip that ends early is damage, which libtiff,
// as OpenCV calls it, would fill with zeros.
#include <zlib.h>

#include "datasets/codecs/tiff.h"

namespace torchport::datasets::images {
namespace {

using Bytes = std::vector<std::uint8_t>;

void packbits(std::string_view data, Bytes& out) {
  std::size_t at = 0, filled = 0;
  while (filled < out.size() && at < data.size()) {
    const int code = static_cast<signed char>(data[at++]);
    if (code == -128) continue;
    const std::size_t count = std::min<std::size_t>(code < 0 ? 1 - code : code + 1, out.size() - filled);
    const std::size_t taken = code < 0 ? 1 : count;
    if (taken > data.size() - at) break;
    for (std::size_t i = 0; i < count; ++i) out[filled++] = static_cast<std::uint8_t>(data[at + (code < 0 ? 0 : i)]);
    at += taken;
  }
  if (filled < out.size()) throw ImageError("TIFF: premature end of data");
}

/// LZW with codes of 9 to 12 bits, most significant bit first, widened one code early, as TIFF has it.
void lzw(std::string_view data, Bytes& out) {
  constexpr unsigned kClear = 256, kEnd = 257, kNone = 4096;
  struct Entry {
    std::size_t start;  // a string of the table is a piece of the output
    std::size_t length;
  };
  std::array<Entry, 4096> table;
  std::size_t filled = 0, bit = 0;
  unsigned next = 258, width = 9;
  Entry previous{0, 0};
  while (filled < out.size()) {
    if (bit + width > data.size() * 8) throw ImageError("TIFF: premature end of data");
    unsigned code = 0;
    for (unsigned i = 0; i < width; ++i, ++bit) code = code << 1 | (static_cast<std::uint8_t>(data[bit / 8]) >> (7 - bit % 8) & 1u);
    if (code == kEnd) throw ImageError("TIFF: premature end of data");
    if (code == kClear) {
      next = 258;
      width = 9;
      previous = {0, 0};
      continue;
    }
    const bool known = code < next;
    if (!known && (code != next || previous.length == 0)) throw ImageError("TIFF: broken LZW code");
    const std::size_t start = filled;
    const std::size_t length = code < 256 ? 1 : known ? table[code].length : previous.length + 1;
    for (std::size_t i = 0; i < length && filled < out.size(); ++i) {
      // The unknown code is the previous string and its own first byte.
      const auto byte = code < 256 ? static_cast<std::uint8_t>(code)
                        : known    ? out[table[code].start + i]
                                   : out[previous.start + i % previous.length];
      out[filled++] = byte;
    }
    if (previous.length > 0 && next < kNone) table[next++] = {previous.start, previous.length + 1};
    previous = {start, length};
    width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
  }
}

void deflate(std::string_view data, Bytes& out) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  const bool whole = status == Z_STREAM_END || status == Z_BUF_ERROR || status == Z_OK;  // a last strip may hold unused rows
  if (!whole || stream.avail_out != 0) throw ImageError("TIFF: broken Deflate data");
}

}  // namespace

void decompress_tiff(unsigned compression, std::string_view data, std::vector<std::uint8_t>& out) {
  switch (compression) {
    case 1:
      if (data.size() < out.size()) throw ImageError("TIFF: premature end of data");
      std::memcpy(out.data(), data.data(), out.size());
      return;
    case 5:
      return lzw(data, out);
    case 8:
    case 32946:
      return deflate(data, out);
    case 32773:
      return packbits(data, out);
    default:
      throw ImageError("TIFF: the compression " + std::to_string(compression) + " is not supported");
  }
}

}  // namespace torchport::datasets::images
