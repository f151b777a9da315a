// The two passes of resizing for processors with AVX2, bit for bit what the plain ones do. Two bytes times two weights are
// multiplied and added in one instruction that takes 16-bit numbers; weights have 23 bits, so that is done with their lower and
// their upper part.
#include <cstring>

#include "datasets/pixels/resize.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace torchport::datasets {
namespace {

/// Sums of products with the lower and the upper parts of weights.
struct Sums {
  __m256i low, high;
};

[[gnu::target("avx2"), gnu::always_inline]] inline Sums no_sums() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }

[[gnu::target("avx2"), gnu::always_inline]] inline void add(Sums& sums, __m256i values, __m256i low, __m256i high) {
  sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(values, low));
  sums.high = _mm256_add_epi32(sums.high, _mm256_madd_epi16(values, high));
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i rounded(const Sums& sums) {
  const __m256i both = _mm256_add_epi32(sums.low, _mm256_slli_epi32(sums.high, 8));
  return _mm256_srai_epi32(_mm256_add_epi32(both, _mm256_set1_epi32(kResizeHalf)), kResizePlaces);
}

/// Two weights, as often as there is room.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i weights_at(const std::int16_t* two) {
  int both;
  std::memcpy(&both, two, sizeof both);
  return _mm256_set1_epi32(both);
}

/// The 16 bytes from two places.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load_two(const std::uint8_t* lower, const std::uint8_t* upper) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lower))),
                                 _mm_loadu_si128(reinterpret_cast<const __m128i*>(upper)), 1);
}

using Rows = const std::uint8_t* const[kResizeRows];

/// One pixel of each row, two pixels of their sources at a time, channel by channel: those of rows 0 and 2, and from the middle on
/// those of rows 1 and 3.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i pixel_of_rows(Rows& rows, const ResizeSpan& span,
                                                                         const WeightGroup* weights) {
  const __m256i by_channel = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  Sums first = no_sums(), second = no_sums();
  std::ptrdiff_t at = std::ptrdiff_t{3} * span.first;
  for (int k = 0; k < span.count; k += 2, at += 6) {
    const __m256i low = weights_at(weights[k / 4].low + k % 4), high = weights_at(weights[k / 4].high + k % 4);
    add(first, _mm256_shuffle_epi8(load_two(rows[0] + at, rows[1] + at), by_channel), low, high);
    add(second, _mm256_shuffle_epi8(load_two(rows[2] + at, rows[3] + at), by_channel), low, high);
  }
  const __m256i words = _mm256_packs_epi32(rounded(first), rounded(second));
  return _mm256_packus_epi16(words, words);
}

/// Fewer rows are filled up with the last one.
[[gnu::target("avx2")]] void resize_rows_avx2(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel,
                                              std::uint8_t* out) {
  const std::size_t width = 3 * kernel.spans.size();
  const auto row = [&](int number) { return static_cast<std::size_t>(std::min(number, count - 1)); };
  Rows rows = {in, in + row(1) * stride, in + row(2) * stride, in + row(3) * stride};
  std::uint8_t *const out1 = out + row(1) * width, *const out2 = out + row(2) * width, *const out3 = out + row(3) * width;
  std::size_t place = 0;
  for (; place + 3 < width; place += 3) {  // four bytes are stored at once, of which the fourth is written over by the next pixel
    const ResizeSpan& span = kernel.spans[place / 3];
    const __m256i bytes = pixel_of_rows(rows, span, kernel.of(span));
    const __m128i even = _mm256_castsi256_si128(bytes), odd = _mm256_extracti128_si256(bytes, 1);
    _mm_storeu_si32(out + place, even);
    _mm_storeu_si32(out1 + place, odd);
    _mm_storeu_si32(out2 + place, _mm_srli_si128(even, 4));
    _mm_storeu_si32(out3 + place, _mm_srli_si128(odd, 4));
  }
  std::uint8_t last[32];
  const ResizeSpan& span = kernel.spans.back();
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(last), pixel_of_rows(rows, span, kernel.of(span)));
  std::memcpy(out + place, last, 3);
  std::memcpy(out1 + place, last + 16, 3);
  std::memcpy(out2 + place, last + 4, 3);
  std::memcpy(out3 + place, last + 20, 3);
}

/// Sixteen columns of `rows` rows.
[[gnu::target("avx2")]] void blend_columns(const std::uint8_t* in, std::size_t stride, int rows, const WeightGroup* weights,
                                           std::uint8_t* out) {
  Sums left = no_sums(), right = no_sums();  // of columns 0-3 and 8-11, and of the others
  for (int row = 0; row < rows; row += 2, in += 2 * stride) {
    const std::uint8_t* next = row + 1 < rows ? in + stride : in;  // whose weight is 0
    const __m256i upper = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
    const __m256i lower = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(next)));
    const __m256i low = weights_at(weights[row / 4].low + row % 4), high = weights_at(weights[row / 4].high + row % 4);
    add(left, _mm256_unpacklo_epi16(upper, lower), low, high);
    add(right, _mm256_unpackhi_epi16(upper, lower), low, high);
  }
  const __m256i words = _mm256_packs_epi32(rounded(left), rounded(right));
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
}

[[gnu::target("avx2")]] void blend_rows_avx2(const std::uint8_t* in, std::size_t stride, int rows, const WeightGroup* weights,
                                             std::size_t width, std::uint8_t* out) {
  constexpr std::size_t kColumns = 16;
  if (width < kColumns) return plain_resize()->blend(in, stride, rows, weights, width, out);
  for (std::size_t x = 0; x + kColumns <= width; x += kColumns) blend_columns(in + x, stride, rows, weights, out + x);
  const std::size_t last = width - kColumns;  // again, where the width is not a multiple
  if (width % kColumns != 0) blend_columns(in + last, stride, rows, weights, out + last);
}

}  // namespace

const ResizeCode* avx2_resize() {
  static const ResizeCode code{resize_rows_avx2, blend_rows_avx2};
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has ? &code : nullptr;
}

}  // namespace torchport::datasets

#else

namespace torchport::datasets {

const ResizeCode* avx2_resize() { return nullptr; }

}  // namespace torchport::datasets

#endif
