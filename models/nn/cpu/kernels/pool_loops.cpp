#include "models/nn/cpu/kernels/pool_loops.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "models/nn/cpu/kernels/scalar.h"
#include "runtime/instruction_sets.h"

namespace torchport::models::kernels {
namespace {

using c10::BFloat16;

// `best` is of the pixels so far; `!(v <= best)` would lose a NaN again, hence the second test.
template <class T>
[[gnu::always_inline]] inline void take_greater(const T* x, std::int64_t channels, const float* __restrict scale,
                                                const float* __restrict shift, std::int32_t tap, float* __restrict best,
                                                std::int32_t* __restrict place) {
  for (std::int64_t k = 0; k < channels; ++k) {
    const float v = load(x + k) * scale[k] + shift[k];
    const bool greater = (v > best[k]) | (v != v);
    best[k] = greater ? v : best[k];
    place[k] = greater ? tap : place[k];
  }
}

template <class T>
[[gnu::always_inline]] inline void pool_row(const PoolShape& s, const T* image, std::int64_t row, const float* scale,
                                            const float* shift, T* y, std::uint8_t* places, float* __restrict best,
                                            std::int32_t* __restrict place) {
  for (std::int64_t column = 0; column < s.out_width(); ++column) {
    std::fill_n(best, s.channels, 0.0F);
    std::fill_n(place, s.channels, std::int32_t{kNowhere});
    for (std::int32_t tap = 0; tap < 9; ++tap) {
      const std::int64_t r = 2 * row - 1 + tap / 3, c = 2 * column - 1 + tap % 3;
      if (r < 0 || r >= s.height || c < 0 || c >= s.width) continue;
      take_greater(image + (r * s.width + c) * s.channels, s.channels, scale, shift, tap, best, place);
    }
    for (std::int64_t k = 0; k < s.channels; ++k) store(y + column * s.channels + k, best[k]);
    for (std::int64_t k = 0; k < s.channels; ++k) places[column * s.channels + k] = static_cast<std::uint8_t>(place[k]);
  }
}

// A pixel lies in one window where its row is even and in two where it is odd, as the last row of one and the first of the next;
// likewise its column.
template <class T>
[[gnu::always_inline]] inline void gradient_row(const PoolShape& s, const T* gradient, const std::uint8_t* places, std::int64_t row,
                                                T* result, float* __restrict sum) {
  for (std::int64_t column = 0; column < s.width; ++column) {
    std::fill_n(sum, s.channels, 0.0F);
    for (std::int64_t r = row / 2; r <= (row + 1) / 2 && r < s.out_height(); ++r) {
      for (std::int64_t c = column / 2; c <= (column + 1) / 2 && c < s.out_width(); ++c) {
        const auto tap = static_cast<std::uint8_t>((row - 2 * r + 1) * 3 + column - 2 * c + 1);
        const std::int64_t from = (r * s.out_width() + c) * s.channels;
        for (std::int64_t k = 0; k < s.channels; ++k) sum[k] += places[from + k] == tap ? load(gradient + from + k) : 0;
      }
    }
    for (std::int64_t k = 0; k < s.channels; ++k) store(result + column * s.channels + k, sum[k]);
  }
}

// A function for each instruction set, as in norm_loops.cpp.
FOR_EACH_INSTRUCTION_SET void clone_pool_row(const PoolShape& s, const float* image, std::int64_t row, const float* scale,
                                             const float* shift, float* y, std::uint8_t* places, float* best, std::int32_t* place) {
  pool_row(s, image, row, scale, shift, y, places, best, place);
}
FOR_EACH_INSTRUCTION_SET void clone_pool_row(const PoolShape& s, const BFloat16* image, std::int64_t row, const float* scale,
                                             const float* shift, BFloat16* y, std::uint8_t* places, float* best,
                                             std::int32_t* place) {
  pool_row(s, image, row, scale, shift, y, places, best, place);
}
FOR_EACH_INSTRUCTION_SET void clone_gradient_row(const PoolShape& s, const float* gradient, const std::uint8_t* places,
                                                 std::int64_t row, float* result, float* sum) {
  gradient_row(s, gradient, places, row, result, sum);
}
FOR_EACH_INSTRUCTION_SET void clone_gradient_row(const PoolShape& s, const BFloat16* gradient, const std::uint8_t* places,
                                                 std::int64_t row, BFloat16* result, float* sum) {
  gradient_row(s, gradient, places, row, result, sum);
}

}  // namespace

template <class T>
void scale_shift_relu_max_pool(const PoolShape& s, const T* x, const float* scale, const float* shift, T* y, std::uint8_t* place) {
  const std::int64_t rows = s.out_height(), out_row = s.out_width() * s.channels;
  at::parallel_for(0, s.images * rows, 4, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> best(static_cast<std::size_t>(s.channels));
    std::vector<std::int32_t> taps(static_cast<std::size_t>(s.channels));
    for (std::int64_t i = begin; i < end; ++i) {
      const T* image = x + i / rows * s.height * s.width * s.channels;
      clone_pool_row(s, image, i % rows, scale, shift, y + i * out_row, place + i * out_row, best.data(), taps.data());
    }
  });
}

template <class T>
void max_pool_gradient(const PoolShape& s, const T* gradient, const std::uint8_t* place, T* result) {
  const std::int64_t out_image = s.out_height() * s.out_width() * s.channels, in_row = s.width * s.channels;
  at::parallel_for(0, s.images * s.height, 8, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> sum(static_cast<std::size_t>(s.channels));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t from = i / s.height * out_image;
      clone_gradient_row(s, gradient + from, place + from, i % s.height, result + i * in_row, sum.data());
    }
  });
}

template void scale_shift_relu_max_pool(const PoolShape&, const float*, const float*, const float*, float*, std::uint8_t*);
template void max_pool_gradient(const PoolShape&, const float*, const std::uint8_t*, float*);
template void scale_shift_relu_max_pool(const PoolShape&, const BFloat16*, const float*, const float*, BFloat16*, std::uint8_t*);
template void max_pool_gradient(const PoolShape&, const BFloat16*, const std::uint8_t*, BFloat16*);

}  // namespace torchport::models::kernels
