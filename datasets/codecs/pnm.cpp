// Portable bitmaps, greymaps and pixmaps (P1 to P6), scaled as Pillow scales them; no library scales alike.
#include "datasets/codecs/pnm.h"

#include <cmath>

#include "datasets/codecs/reader.h"

namespace torchport::datasets::images {
namespace {

bool is_space(char c) { return std::strchr(" \t\n\v\f\r", c) && c; }

/// The header's numbers, and the samples after it.
class Pnm {
 public:
  explicit Pnm(std::string_view bytes) : bytes_(bytes), kind_(bytes[1] - '0') {
    width_ = number();
    height_ = number();
    maximum_ = bitmap() ? 1 : number();
    if (maximum_ < 1 || maximum_ > 65535) fail("the greatest sample is " + std::to_string(maximum_));
    // number() has gone past the one space that ends a binary header.
  }
  bool bitmap() const { return kind_ == 1 || kind_ == 4; }
  bool plain() const { return kind_ <= 3; }
  int channels() const { return kind_ == 3 || kind_ == 6 ? 3 : 1; }
  std::uint64_t size() const {
    if (plain()) return 0;
    const std::uint64_t width = static_cast<std::uint64_t>(width_), height = static_cast<std::uint64_t>(height_);
    if (bitmap()) return at_ + (width + 7) / 8 * height;
    return at_ + width * height * static_cast<std::uint64_t>(channels()) * (maximum_ < 256 ? 1 : 2);
  }
  ImageHeader header() const { return {ImageFormat::pnm, width_, height_}; }

  /// The next sample as a byte. Pillow scales to 8 bits, but grey of more than 8 bits to 16, which it then clips.
  std::uint8_t sample() {
    const int value = plain() ? (bitmap() ? bit() : number()) : binary();
    if (plain() && value > maximum_) fail("the sample " + std::to_string(value) + " is above " + std::to_string(maximum_));
    if (bitmap()) return value ? 0 : 255;
    if (maximum_ == 255) return static_cast<std::uint8_t>(value);
    const double most = channels() == 1 && maximum_ > 255 ? 65535 : 255;
    // Half to even, as Python rounds.
    return clip_to_byte(static_cast<unsigned>(std::min(most, std::nearbyint(static_cast<double>(value) / maximum_ * most))));
  }
  /// Rows of binary bitmaps start on a byte.
  void end_row() { bits_left_ = 0; }

 private:
  [[noreturn]] static void fail(const std::string& reason) { throw ImageError("PNM: " + reason); }
  char next() {
    if (at_ >= bytes_.size()) fail("premature end of data");
    return bytes_[at_++];
  }
  /// The next character that belongs to no space and no comment.
  char significant() {
    while (true) {
      char c = next();
      if (c == '#') {
        while (c != '\n' && c != '\r') c = next();
      } else if (!is_space(c)) {
        return c;
      }
    }
  }
  int number() {
    int value = 0;
    char c = significant();
    for (int digits = 0; !is_space(c); ++digits) {
      if (c < '0' || c > '9' || digits >= 9) fail("a number is broken");
      value = value * 10 + (c - '0');
      if (at_ == bytes_.size()) break;  // the last number of a plain file
      c = next();
    }
    return value;
  }
  int bit() {
    const char c = significant();
    if (c != '0' && c != '1') fail("a bit is neither 0 nor 1");
    return c - '0';
  }
  int binary() {
    const auto byte = [&] { return static_cast<std::uint8_t>(next()); };
    if (!bitmap()) {
      const int first = byte();
      return maximum_ < 256 ? first : first * 256 + byte();
    }
    if (bits_left_ == 0) {
      bits_ = byte();
      bits_left_ = 8;
    }
    return bits_ >> --bits_left_ & 1;
  }

  std::string_view bytes_;
  std::size_t at_ = 2;
  int kind_, width_ = 0, height_ = 0, maximum_ = 1;
  int bits_ = 0, bits_left_ = 0;
};

}  // namespace

ImageHeader pnm_header(std::string_view bytes) { return Pnm(bytes).header(); }

std::uint64_t pnm_size(std::string_view bytes) { return Pnm(bytes).size(); }

void decode_pnm(std::string_view bytes, Pixels& out) {
  Pnm image(bytes);
  std::uint8_t* pixel = out.rgb.data();
  for (int y = 0; y < out.height; ++y, image.end_row()) {
    for (int x = 0; x < out.width; ++x, pixel += 3) {
      pixel[0] = image.sample();
      pixel[1] = image.channels() == 3 ? image.sample() : pixel[0];
      pixel[2] = image.channels() == 3 ? image.sample() : pixel[0];
    }
  }
}

}  // namespace torchport::datasets::images
