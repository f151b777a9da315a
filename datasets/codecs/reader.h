// What the decoders of several formats share: integers of a file's bytes, and Pillow's arithmetic. Private to datasets/codecs/:
// others call decode.h and header.h.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/codecs/header.h"

namespace torchport::datasets::images {

/// Sides are cut to what an int holds.
ImageHeader header_of(ImageFormat format, std::uint32_t width, std::uint32_t height);

/// What Pillow makes of integers beyond 8 bits: clipped, not scaled.
inline std::uint8_t clip_to_byte(unsigned value) { return value > 255 ? 255 : static_cast<std::uint8_t>(value); }

/// a * b / 255, rounded: how Pillow mixes black into the other inks of CMYK.
inline unsigned share_of_255(unsigned a, unsigned b) {
  const unsigned t = a * b + 128;
  return (t + (t >> 8)) >> 8;
}

/// Integers at any place of a buffer, in either byte order. \throws ImageError beyond its end
class Reader {
 public:
  Reader(std::string_view bytes, const char* format, bool big_endian) : bytes_(bytes), format_(format), big_endian_(big_endian) {}
  std::size_t size() const { return bytes_.size(); }
  std::uint8_t u8(std::size_t at) const { return static_cast<std::uint8_t>(integer(at, 1)); }
  std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(integer(at, 2)); }
  std::uint32_t u32(std::size_t at) const { return integer(at, 4); }
  std::string_view text(std::size_t at, std::size_t length) const {
    need(at, length);
    return bytes_.substr(at, length);
  }
  /// \throws ImageError "<format>: <reason>"
  [[noreturn]] void fail(const std::string& reason) const { throw ImageError(std::string(format_) + ": " + reason); }
  void need(std::size_t at, std::size_t length) const {
    if (at > bytes_.size() || length > bytes_.size() - at) fail("premature end of data");
  }

 private:
  std::uint32_t integer(std::size_t at, std::size_t length) const {
    need(at, length);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const auto byte = static_cast<std::uint8_t>(bytes_[at + (big_endian_ ? i : length - 1 - i)]);
      value = value << 8 | byte;
    }
    return value;
  }
  std::string_view bytes_;
  const char* format_;
  bool big_endian_;
};

}  // namespace torchport::datasets::images
