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
  std::uint32_t weights = 0;  ///< the number of their first WeightGroup in a ResizeKernel
  int end() const { return first + count; }
};
ResizeSpan span_of(const ResizeAxis& axis, int place);

/// Four weights of a span, each `low` + 256 `high` (`low` is not negative), as processors multiply 16-bit numbers.
struct WeightGroup {
  std::int16_t low[4] = {}, high[4] = {};
};

/// The spans of some places of an axis, and their weights.
struct ResizeKernel {
  std::vector<ResizeSpan> spans;
  std::vector<WeightGroup> weights;  ///< each span's, one after another; zeros follow where their number is not a multiple of four
  std::vector<double> exact;         // weights of one span, before they are rounded

  const WeightGroup* of(const ResizeSpan& span) const { return weights.data() + span.weights; }

  /// For the places first .. first + count - 1, or `mirrored` for the last of them first; memory is reused.
  void set(const ResizeAxis& axis, int first, int count, bool mirrored);
};

// Pillow's arithmetic (Resample.c): weights are integers of this many binary places, which leaves two bits for overshoot, and the
// result of the horizontal pass is rounded to bytes before the vertical one. All sums are exact in 32 bits, in any order.
inline constexpr int kResizePlaces = 32 - 8 - 2;
inline constexpr std::int32_t kResizeHalf = 1 << (kResizePlaces - 1);

/// This many bytes beyond the last pixel used may be read.
inline constexpr std::size_t kResizeSlack = 16;
inline constexpr int kResizeRows = 4;

/// The two passes, for one kind of processor.
struct ResizeCode {
  /// `count` rows of pixels, 1 .. kResizeRows, each from its first source pixel on: `in` is the first row's, rows are `stride`
  /// bytes apart, and after the last one's last pixel come kResizeSlack bytes. The results follow one another in `out`.
  void (*rows)(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel, std::uint8_t* out);
  /// `width` bytes of a column-wise sum: `in` is the first byte of a span's first row, rows are `stride` bytes apart, and
  /// `weights` are the span's.
  void (*blend)(const std::uint8_t* in, std::size_t stride, int rows, const WeightGroup* weights, std::size_t width,
                std::uint8_t* out);
};

/// For any processor.
const ResizeCode* plain_resize();
/// The same bits, faster; null where this processor lacks AVX2.
const ResizeCode* avx2_resize();
/// The faster of them that this processor has.
const ResizeCode& resize_code();

}  // namespace torchport::datasets
