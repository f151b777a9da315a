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
};
ResizeSpan span_of(const ResizeAxis& axis, int place);

/// The spans of some places of an axis, and their weights one after another.
struct ResizeKernel {
  std::vector<ResizeSpan> spans;
  std::vector<std::int32_t> weights;
  /// The weights again, in fours, of which those beyond a span's end are 0: their lowest 8 bits, then the rest of them.
  std::vector<std::int16_t> packed;
  std::vector<double> exact;  // of one span, before they are rounded

  /// For the places first .. first + count - 1; memory is reused.
  void set(const ResizeAxis& axis, int first, int count);
};

// Pillow's arithmetic (Resample.c): weights are integers of so many binary places, which leaves two bits for overshoot, and the
// result of the horizontal pass is rounded to bytes before the vertical one. All sums are exact in 32 bits, in any order.
inline constexpr int kResizePlaces = 32 - 8 - 2;
inline constexpr std::int32_t kResizeHalf = 1 << (kResizePlaces - 1);

/// So many bytes beyond the last pixel used may be read.
inline constexpr std::size_t kResizeSlack = 16;

/// One row of pixels: `in` is the source's first pixel, followed by kResizeSlack bytes after its last one; `out` the result's first
/// one, from which it goes on to the right or, `mirrored`, to the left.
void resize_row(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out);

/// `width` bytes of a column-wise sum: `in` is the first byte of the span's first row, rows are `stride` bytes apart.
void blend_rows(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights, std::size_t width,
                std::uint8_t* out);

/// The same two for any processor; what those above use where there is no AVX2.
void resize_row_plainly(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out);
void blend_rows_plainly(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights, std::size_t width,
                        std::uint8_t* out);

}  // namespace torchport::datasets
