// Resizing with antialiasing along one axis, equal to Pillow's `Image.resize` on 8-bit RGB bit for bit. Used by placement.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torchport::datasets {

enum class Interpolation { nearest, bilinear, bicubic };

/// An axis to resize: `out` places are made of the `extent` of source that begins at `start`, whose pixels are 0 .. in - 1.
/// Both are whole numbers (0 and `in`) but where the source has been made smaller before.
struct ResizeAxis {
  double start, extent;
  int in, out;
  Interpolation interpolation;  ///< bilinear or bicubic
};

/// The places of the source of which one place of the result is made.
struct ResizeSpan {
  int first = 0, count = 0;
  int end() const { return first + count; }
  int pairs() const { return (count + 1) / 2; }  ///< of weights
};
ResizeSpan span_of(const ResizeAxis& axis, int place);

/// Two weights of a span as processors multiply and add them: the lowest 8 bits of both, then the rest of them.
struct WeightPair {
  std::int16_t low[2] = {}, high[2] = {};
};

/// The spans of some places of an axis, and their weights.
struct ResizeKernel {
  std::vector<ResizeSpan> spans;
  std::vector<WeightPair> pairs;  ///< each span's, one after another; 0 follows where a span has an odd number of weights
  std::vector<double> exact;      // weights of one span, before they are rounded

  /// For the places first .. first + count - 1, or `mirrored` for the last of them first; memory is reused.
  void set(const ResizeAxis& axis, int first, int count, bool mirrored);
};

// Pillow's arithmetic (Resample.c): weights are integers of so many binary places, which leaves two bits for overshoot, and the
// result of the horizontal pass is rounded to bytes before the vertical one. All sums are exact in 32 bits, in any order.
inline constexpr int kResizePlaces = 32 - 8 - 2;
inline constexpr std::int32_t kResizeHalf = 1 << (kResizePlaces - 1);

/// So many bytes beyond the last pixel used may be read.
inline constexpr std::size_t kResizeSlack = 16;

/// `count` rows of pixels, 1 .. kResizeRows, each from its first source pixel on: `in` is the first row's, rows are `stride` bytes
/// apart, and after the last one's last pixel come kResizeSlack bytes. The results follow one another in `out`.
void resize_rows(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel, std::uint8_t* out);
inline constexpr int kResizeRows = 4;

/// `width` bytes of a column-wise sum: `in` is the first byte of a span's first row, rows are `stride` bytes apart, and the span's
/// weights begin at `pair`.
void blend_rows(const std::uint8_t* in, std::size_t stride, int rows, const WeightPair* pair, std::size_t width, std::uint8_t* out);

/// The same two for any processor; what those above use where there is no AVX2.
void resize_rows_plainly(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel, std::uint8_t* out);
void blend_rows_plainly(const std::uint8_t* in, std::size_t stride, int rows, const WeightPair* pair, std::size_t width,
                        std::uint8_t* out);

}  // namespace torchport::datasets
