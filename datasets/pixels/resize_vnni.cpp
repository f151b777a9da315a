// The two passes of resizing for processors with AVX512-VNNI, bit for bit what the plain ones do. Four bytes times four weights of
// 8 bits are multiplied and added in one instruction; weights have 23 bits, so that is done with each of their three digits.
#include <cstring>

#include "datasets/pixels/resize.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push  // GCC 12's header begins with values that it leaves open (GCC's bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#define TORCHPORT_VNNI gnu::target("avx512bw,avx512vl,avx512vnni")

namespace torchport::datasets {
namespace {

[[TORCHPORT_VNNI, gnu::always_inline]] inline __m512i weights_at(const std::int8_t* four) {
  int all;
  std::memcpy(&all, four, sizeof all);
  return _mm512_set1_epi32(all);
}

/// Sums of products with each of the weights' digits.
struct Sums {
  __m512i low, middle, high;
};

[[TORCHPORT_VNNI, gnu::always_inline]] inline Sums no_sums() {
  return {_mm512_set1_epi32(kResizeHalf), _mm512_setzero_si512(), _mm512_setzero_si512()};
}

/// `values` are four bytes of each sum.
[[TORCHPORT_VNNI, gnu::always_inline]] inline void add(Sums& sums, __m512i values, const WeightGroup& weights) {
  sums.low = _mm512_dpbusd_epi32(sums.low, values, weights_at(weights.digits[0]));
  sums.middle = _mm512_dpbusd_epi32(sums.middle, values, weights_at(weights.digits[1]));
  sums.high = _mm512_dpbusd_epi32(sums.high, values, weights_at(weights.digits[2]));
}

[[TORCHPORT_VNNI, gnu::always_inline]] inline __m512i rounded(const Sums& sums) {
  const __m512i upper = _mm512_add_epi32(sums.middle, _mm512_slli_epi32(sums.high, 8));
  return _mm512_srai_epi32(_mm512_add_epi32(sums.low, _mm512_slli_epi32(upper, 8)), kResizePlaces);
}

/// Four times sixteen sums as bytes: four of the first, four of the second and so on, and that four times.
[[TORCHPORT_VNNI, gnu::always_inline]] inline __m512i bytes_of(const __m512i (&sums)[4]) {
  return _mm512_packus_epi16(_mm512_packs_epi32(sums[0], sums[1]), _mm512_packs_epi32(sums[2], sums[3]));
}

using Rows = const std::uint8_t* const[kResizeRows];

/// 16 bytes of each row.
[[TORCHPORT_VNNI, gnu::always_inline]] inline __m512i load_rows(Rows& rows, std::ptrdiff_t at) {
  const auto load = [&](int row) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[row] + at)); };
  const __m512i three = _mm512_inserti32x4(_mm512_inserti32x4(_mm512_castsi128_si512(load(0)), load(1), 1), load(2), 2);
  return _mm512_inserti32x4(three, load(3), 3);
}

/// One pixel of each row: red, green, blue and nothing, one row after another.
[[TORCHPORT_VNNI, gnu::always_inline]] inline __m512i pixel_of_rows(Rows& rows, const ResizeKernel& kernel, std::size_t place) {
  const ResizeSpan& span = kernel.spans[std::min(place, kernel.spans.size() - 1)];
  const WeightGroup* weights = kernel.of(span);
  const __m512i by_channel = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
  Sums sums = no_sums();
  std::ptrdiff_t at = std::ptrdiff_t{3} * span.first;
  int left = span.count;
  do {
    add(sums, _mm512_shuffle_epi8(load_rows(rows, at), by_channel), *weights++);
    at += 12;
    left -= 4;
  } while (left > 0);
  return rounded(sums);
}

/// Four pixels of each row at a time. Fewer rows are filled up with the last one.
[[TORCHPORT_VNNI]] void resize_rows_vnni(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel,
                                         std::uint8_t* out) {
  const std::size_t places = kernel.spans.size();
  const auto row = [&](int number) { return static_cast<std::size_t>(std::min(number, count - 1)); };
  Rows rows = {in, in + row(1) * stride, in + row(2) * stride, in + row(3) * stride};
  std::uint8_t* const outs[] = {out, out + row(1) * 3 * places, out + row(2) * 3 * places, out + row(3) * 3 * places};
  const __m512i closed_up = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  for (std::size_t place = 0; place < places; place += 4) {
    const __m512i pixels[4] = {pixel_of_rows(rows, kernel, place), pixel_of_rows(rows, kernel, place + 1),
                               pixel_of_rows(rows, kernel, place + 2), pixel_of_rows(rows, kernel, place + 3)};
    const __m512i bytes = _mm512_shuffle_epi8(bytes_of(pixels), closed_up);
    const auto mask = static_cast<__mmask16>((1u << (3 * std::min<std::size_t>(4, places - place))) - 1);
    _mm_mask_storeu_epi8(outs[0] + 3 * place, mask, _mm512_castsi512_si128(bytes));
    _mm_mask_storeu_epi8(outs[1] + 3 * place, mask, _mm512_extracti32x4_epi32(bytes, 1));
    _mm_mask_storeu_epi8(outs[2] + 3 * place, mask, _mm512_extracti32x4_epi32(bytes, 2));
    _mm_mask_storeu_epi8(outs[3] + 3 * place, mask, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/// 64 columns at a time, and four rows of them.
[[TORCHPORT_VNNI]] void blend_rows_vnni(const std::uint8_t* in, std::size_t stride, int rows, const WeightGroup* weights,
                                        std::size_t width, std::uint8_t* out) {
  for (std::size_t x = 0; x < width; x += 64) {
    const __mmask64 mask = width - x >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (width - x)) - 1;
    Sums sums[4] = {no_sums(), no_sums(), no_sums(), no_sums()};
    for (int row = 0; row < rows; row += 4) {
      const std::uint8_t* const at = in + x + static_cast<std::size_t>(row) * stride;
      // Rows beyond the last one have weights of 0.
      const auto next = [&](int k) { return static_cast<std::size_t>(std::min(k, rows - row - 1)) * stride; };
      const __m512i first = _mm512_maskz_loadu_epi8(mask, at), second = _mm512_maskz_loadu_epi8(mask, at + next(1));
      const __m512i third = _mm512_maskz_loadu_epi8(mask, at + next(2)), fourth = _mm512_maskz_loadu_epi8(mask, at + next(3));
      const __m512i upper_left = _mm512_unpacklo_epi8(first, second), upper_right = _mm512_unpackhi_epi8(first, second);
      const __m512i lower_left = _mm512_unpacklo_epi8(third, fourth), lower_right = _mm512_unpackhi_epi8(third, fourth);
      add(sums[0], _mm512_unpacklo_epi16(upper_left, lower_left), weights[row / 4]);
      add(sums[1], _mm512_unpackhi_epi16(upper_left, lower_left), weights[row / 4]);
      add(sums[2], _mm512_unpacklo_epi16(upper_right, lower_right), weights[row / 4]);
      add(sums[3], _mm512_unpackhi_epi16(upper_right, lower_right), weights[row / 4]);
    }
    const __m512i all[4] = {rounded(sums[0]), rounded(sums[1]), rounded(sums[2]), rounded(sums[3])};
    _mm512_mask_storeu_epi8(out + x, mask, bytes_of(all));
  }
}

}  // namespace

const ResizeCode* vnni_resize() {
  static const ResizeCode code{resize_rows_vnni, blend_rows_vnni};
  static const bool has = __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
                          __builtin_cpu_supports("avx512vnni") != 0;
  return has ? &code : nullptr;
}

}  // namespace torchport::datasets

#else

namespace torchport::datasets {

const ResizeCode* vnni_resize() { return nullptr; }

}  // namespace torchport::datasets

#endif
