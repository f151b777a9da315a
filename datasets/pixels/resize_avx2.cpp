// The two passes of resizing for processors with AVX2, bit for bit what the plain ones do.
#include <cstring>

#include "datasets/pixels/resize.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace torchport::datasets {
namespace {

/// Four pixels at a time: their bytes become pairs of 16-bit numbers, channel by channel, whose products with two weights are added
/// in one instruction. Weights have 23 bits, so that is done with their lower and their upper part.
[[gnu::target("avx2")]] void resize_row_avx2(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out) {
  const __m256i pairs = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7, -1, 10, -1, 8,
                                         -1, 11, -1, -1, -1, -1, -1);
  const __m256i lower =
      _mm256_setr_epi32(0x03020100, 0x03020100, 0x03020100, 0x03020100, 0x07060504, 0x07060504, 0x07060504, 0x07060504);
  const __m256i upper = _mm256_add_epi8(lower, _mm256_set1_epi8(8));
  const __m128i half = _mm_set1_epi32(kResizeHalf);
  const std::int16_t* four = kernel.packed.data();
  const std::ptrdiff_t step = mirrored ? -3 : 3;
  for (const ResizeSpan& span : kernel.spans) {
    const std::uint8_t* place = in + std::ptrdiff_t{3} * span.first;
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int i = 0; i < span.count; i += 4, place += 12, four += 8) {
      const __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(place)));
      const __m256i pixels = _mm256_shuffle_epi8(bytes, pairs);
      const __m256i weights = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(four)));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(pixels, _mm256_shuffle_epi8(weights, lower)));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(pixels, _mm256_shuffle_epi8(weights, upper)));
    }
    const __m256i both = _mm256_add_epi32(low, _mm256_slli_epi32(high, 8));
    __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    sums = _mm_srai_epi32(_mm_add_epi32(sums, half), kResizePlaces);
    sums = _mm_packus_epi16(_mm_packs_epi32(sums, sums), sums);
    const int pixel = _mm_cvtsi128_si32(sums);
    std::memcpy(out, &pixel, 3);
    out += step;
  }
}

/// Sixteen columns.
[[gnu::target("avx2")]] void blend_columns(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights,
                                           std::uint8_t* out) {
  __m256i left = _mm256_set1_epi32(kResizeHalf), right = left;
  for (int i = 0; i < rows; ++i, in += stride) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const __m256i weight = _mm256_set1_epi32(weights[i]);
    left = _mm256_add_epi32(left, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bytes), weight));
    right = _mm256_add_epi32(right, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)), weight));
  }
  left = _mm256_srai_epi32(left, kResizePlaces);
  right = _mm256_srai_epi32(right, kResizePlaces);
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(left, right), 0xD8);  // packing goes by halves
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
}

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

}  // namespace

void resize_row(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out) {
  if (has_avx2()) return resize_row_avx2(in, kernel, mirrored, out);
  resize_row_plainly(in, kernel, mirrored, out);
}

void blend_rows(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights, std::size_t width,
                std::uint8_t* out) {
  constexpr std::size_t kColumns = 16;
  if (!has_avx2() || width < kColumns) return blend_rows_plainly(in, stride, rows, weights, width, out);
  for (std::size_t x = 0; x + kColumns <= width; x += kColumns) blend_columns(in + x, stride, rows, weights, out + x);
  const std::size_t last = width - kColumns;  // again, where the width is no multiple
  if (width % kColumns != 0) blend_columns(in + last, stride, rows, weights, out + last);
}

}  // namespace torchport::datasets

#else

namespace torchport::datasets {

void resize_row(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out) {
  resize_row_plainly(in, kernel, mirrored, out);
}

void blend_rows(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights, std::size_t width,
                std::uint8_t* out) {
  blend_rows_plainly(in, stride, rows, weights, width, out);
}

}  // namespace torchport::datasets

#endif
