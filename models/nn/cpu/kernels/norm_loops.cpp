#include "models/nn/cpu/kernels/norm_loops.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>

#include "models/nn/cpu/kernels/scalar.h"
#include "runtime/instruction_sets.h"

namespace torchport::models::kernels {
namespace {

using c10::BFloat16;

// float32 sums run over so many pixels at most before they go into float64.
constexpr std::int64_t kBlock = 128;

// --- the loops: templates that are compiled into a function for each instruction set below

template <class T>
[[gnu::always_inline]] inline void add_moments(const T* x, std::int64_t count, std::int64_t channels, std::int64_t stride,
                                               const float* __restrict pivot, float* __restrict sum, float* __restrict square) {
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const T *a = x + i * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (std::int64_t k = 0; k < channels; ++k) {
      const float p = pivot[k], va = load(a + k) - p, vb = load(b + k) - p, vc = load(c + k) - p, vd = load(d + k) - p;
      sum[k] += (va + vb) + (vc + vd);
      square[k] += (va * va + vb * vb) + (vc * vc + vd * vd);
    }
  }
  for (; i < count; ++i) {
    const T* a = x + i * stride;
    for (std::int64_t k = 0; k < channels; ++k) {
      const float v = load(a + k) - pivot[k];
      sum[k] += v;
      square[k] += v * v;
    }
  }
}

// `0 > v ? 0 : v` keeps a NaN, as torch's ReLU does.
template <bool kRelu, bool kShortcut, class T>
[[gnu::always_inline]] inline void normalise(Pixels<const T> x, const float* __restrict scale, const float* __restrict shift,
                                             const T* __restrict shortcut, T* __restrict y) {
  for (std::int64_t i = 0; i < x.count; ++i) {
    const T* in = x.data + i * x.stride;
    const std::int64_t dense = i * x.channels;
    for (std::int64_t k = 0; k < x.channels; ++k) {
      float v = load(in + k) * scale[k] + shift[k];
      if constexpr (kShortcut) v += load(shortcut + dense + k);
      store(y + dense + k, kRelu && 0 > v ? 0 : v);
    }
  }
}

enum class By { output, input, nothing };

template <By kMask, class T>
[[gnu::always_inline]] inline float masked_gradient(const T* gradient, const Mask<T>& mask, std::int64_t dense, std::int64_t k,
                                                    float x) {
  const float g = load(gradient + dense + k);
  if constexpr (kMask == By::output) return load(mask.output + dense + k) <= 0 ? 0 : g;
  if constexpr (kMask == By::input) return x * mask.scale[k] + mask.shift[k] <= 0 ? 0 : g;
  return g;
}

// `masked` may be `gradient`: no element depends on another, which is what ivdep says.
template <By kMask, bool kWrite, class T>
[[gnu::always_inline]] inline void add_gradients(Pixels<const T> x, const T* gradient, const Mask<T>& mask, const float* mean,
                                                 T* masked, float* __restrict sum, float* __restrict product) {
  for (std::int64_t i = 0; i < x.count; ++i) {
    const T* in = x.data + i * x.stride;
    const std::int64_t dense = i * x.channels;
#pragma GCC ivdep
    for (std::int64_t k = 0; k < x.channels; ++k) {
      const float v = load(in + k), g = masked_gradient<kMask>(gradient, mask, dense, k, v);
      sum[k] += g;
      product[k] += g * (v - mean[k]);
      if constexpr (kWrite) store(masked + dense + k, g);
    }
  }
}

template <By kMask, bool kAdd, class T>
[[gnu::always_inline]] inline void write_input_gradient(Pixels<const T> x, const T* gradient, const Mask<T>& mask,
                                                        const InputGradient& terms, Pixels<T> result) {
  const float *factor = terms.factor, *mean = terms.mean, *slope = terms.slope, *offset = terms.offset;
  for (std::int64_t i = 0; i < x.count; ++i) {
    const T* in = x.data + i * x.stride;
    T* out = result.data + i * result.stride;
    const std::int64_t dense = i * x.channels;
#pragma GCC ivdep
    for (std::int64_t k = 0; k < x.channels; ++k) {
      const float v = load(in + k), g = masked_gradient<kMask>(gradient, mask, dense, k, v);
      const float gx = g * factor[k] - (v - mean[k]) * slope[k] - offset[k];
      store(out + k, kAdd ? gx + load(out + k) : gx);
    }
  }
}

// --- a function for each instruction set, chosen when the program is loaded; x86-64-v3 has AVX2, x86-64-v4 AVX-512

FOR_EACH_INSTRUCTION_SET void block_moments(const float* x, std::int64_t count, std::int64_t channels, std::int64_t stride,
                                            const float* pivot, float* sum, float* square) {
  add_moments(x, count, channels, stride, pivot, sum, square);
}
FOR_EACH_INSTRUCTION_SET void block_moments(const BFloat16* x, std::int64_t count, std::int64_t channels, std::int64_t stride,
                                            const float* pivot, float* sum, float* square) {
  add_moments(x, count, channels, stride, pivot, sum, square);
}

FOR_EACH_INSTRUCTION_SET void block_normalise(Pixels<const float> x, const float* scale, const float* shift, const float* shortcut,
                                              float* y, bool relu) {
  if (!relu) return normalise<false, false>(x, scale, shift, shortcut, y);
  if (shortcut) return normalise<true, true>(x, scale, shift, shortcut, y);
  normalise<true, false>(x, scale, shift, shortcut, y);
}
FOR_EACH_INSTRUCTION_SET void block_normalise(Pixels<const BFloat16> x, const float* scale, const float* shift,
                                              const BFloat16* shortcut, BFloat16* y, bool relu) {
  if (!relu) return normalise<false, false>(x, scale, shift, shortcut, y);
  if (shortcut) return normalise<true, true>(x, scale, shift, shortcut, y);
  normalise<true, false>(x, scale, shift, shortcut, y);
}

FOR_EACH_INSTRUCTION_SET void block_gradients(Pixels<const float> x, const float* gradient, const Mask<float>& mask,
                                              const float* mean, float* masked, float* sum, float* product) {
  if (mask.output && masked) return add_gradients<By::output, true>(x, gradient, mask, mean, masked, sum, product);
  if (mask.output) return add_gradients<By::output, false>(x, gradient, mask, mean, masked, sum, product);
  if (!mask.scale) return add_gradients<By::nothing, false>(x, gradient, mask, mean, masked, sum, product);
  add_gradients<By::input, false>(x, gradient, mask, mean, masked, sum, product);
}
FOR_EACH_INSTRUCTION_SET void block_gradients(Pixels<const BFloat16> x, const BFloat16* gradient, const Mask<BFloat16>& mask,
                                              const float* mean, BFloat16* masked, float* sum, float* product) {
  if (mask.output && masked) return add_gradients<By::output, true>(x, gradient, mask, mean, masked, sum, product);
  if (mask.output) return add_gradients<By::output, false>(x, gradient, mask, mean, masked, sum, product);
  if (!mask.scale) return add_gradients<By::nothing, false>(x, gradient, mask, mean, masked, sum, product);
  add_gradients<By::input, false>(x, gradient, mask, mean, masked, sum, product);
}

FOR_EACH_INSTRUCTION_SET void block_input_gradient(Pixels<const float> x, const float* gradient, const Mask<float>& mask,
                                                   const InputGradient& terms, Pixels<float> result, bool add) {
  if (mask.output) return write_input_gradient<By::output, false>(x, gradient, mask, terms, result);
  if (!mask.scale) return write_input_gradient<By::nothing, false>(x, gradient, mask, terms, result);
  if (add) return write_input_gradient<By::input, true>(x, gradient, mask, terms, result);
  write_input_gradient<By::input, false>(x, gradient, mask, terms, result);
}
FOR_EACH_INSTRUCTION_SET void block_input_gradient(Pixels<const BFloat16> x, const BFloat16* gradient, const Mask<BFloat16>& mask,
                                                   const InputGradient& terms, Pixels<BFloat16> result, bool add) {
  if (mask.output) return write_input_gradient<By::output, false>(x, gradient, mask, terms, result);
  if (!mask.scale) return write_input_gradient<By::nothing, false>(x, gradient, mask, terms, result);
  if (add) return write_input_gradient<By::input, true>(x, gradient, mask, terms, result);
  write_input_gradient<By::input, false>(x, gradient, mask, terms, result);
}

// --- over all pixels and threads

template <class T>
Pixels<T> part(Pixels<T> x, std::int64_t begin, std::int64_t end) {
  return {x.data + begin * x.stride, end - begin, x.channels, x.stride};
}

// Two sums a channel. `add(begin, end, first, second)` adds those pixels to float32 sums; the parts and their order depend on the
// number of pixels alone, so that any number of threads gives the same bits, and so does a norm that sees some of the channels.
template <class Add>
std::vector<double> two_sums(std::int64_t count, std::int64_t channels, const Add& add) {
  const auto worth = static_cast<std::uint64_t>(std::clamp<std::int64_t>(count / kBlock, 1, 32));
  const auto parts = static_cast<std::int64_t>(std::bit_floor(worth)), width = 2 * channels;
  std::vector<double> sums(static_cast<std::size_t>(parts * width));
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> block(static_cast<std::size_t>(width));
    for (std::int64_t p = first; p < last; ++p) {
      double* const total = sums.data() + p * width;
      const std::int64_t end = count * (p + 1) / parts;
      for (std::int64_t i = count * p / parts; i < end; i += kBlock) {
        std::fill(block.begin(), block.end(), 0.0F);
        add(i, std::min(end, i + kBlock), block.data(), block.data() + channels);
        for (std::int64_t k = 0; k < width; ++k) total[k] += block[static_cast<std::size_t>(k)];
      }
    }
  });
  for (std::int64_t p = 1; p < parts; ++p) {
    for (std::int64_t k = 0; k < width; ++k) sums[static_cast<std::size_t>(k)] += sums[static_cast<std::size_t>(p * width + k)];
  }
  sums.resize(static_cast<std::size_t>(width));
  return sums;
}

// A mean of a few pixels: the variance of what differs little from it loses no digits to the square of the mean.
template <class T>
std::vector<float> near_mean(Pixels<const T> x) {
  std::vector<float> pivot(static_cast<std::size_t>(x.channels));
  const std::int64_t few = std::min<std::int64_t>(8, x.count);
  for (std::int64_t j = 0; j < few; ++j) {
    const T* in = x.data + (x.count - 1) * j / few * x.stride;
    for (std::int64_t k = 0; k < x.channels; ++k) pivot[static_cast<std::size_t>(k)] += load(in + k) / static_cast<float>(few);
  }
  return pivot;
}

template <class T>
Mask<T> part(Mask<T> mask, std::int64_t elements) {
  if (mask.output) mask.output += elements;
  return mask;
}

}  // namespace

std::int64_t grain(std::int64_t channels) { return std::max<std::int64_t>(1, 32768 / channels); }

template <class T>
Moments moments(Pixels<const T> x) {
  const std::vector<float> pivot = near_mean(x);
  std::vector<double> sums = two_sums(x.count, x.channels, [&](std::int64_t begin, std::int64_t end, float* sum, float* square) {
    block_moments(x.data + begin * x.stride, end - begin, x.channels, x.stride, pivot.data(), sum, square);
  });
  const auto channels = static_cast<std::size_t>(x.channels);
  const auto count = static_cast<double>(x.count);
  Moments result{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t k = 0; k < channels; ++k) {
    const double away = sums[k] / count;
    result.mean[k] = pivot[k] + away;
    result.variance[k] = std::max(0.0, sums[channels + k] / count - away * away);
  }
  return result;
}

template <class T>
void scale_shift_relu(Pixels<const T> x, const float* scale, const float* shift, const T* shortcut, T* y) {
  at::parallel_for(0, x.count, grain(x.channels), [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dense = begin * x.channels;
    block_normalise(part(x, begin, end), scale, shift, shortcut ? shortcut + dense : nullptr, y + dense, /*relu=*/true);
  });
}

template <class T>
void scale_shift(Pixels<const T> x, const float* scale, const float* shift, T* y) {
  at::parallel_for(0, x.count, grain(x.channels), [&](std::int64_t begin, std::int64_t end) {
    block_normalise(part(x, begin, end), scale, shift, static_cast<const T*>(nullptr), y + begin * x.channels, /*relu=*/false);
  });
}

template <class T>
GradientSums gradient_sums(Pixels<const T> x, const T* gradient, Mask<T> mask, const float* mean, T* masked) {
  const auto sums = two_sums(x.count, x.channels, [&](std::int64_t begin, std::int64_t end, float* sum, float* product) {
    const std::int64_t dense = begin * x.channels;
    block_gradients(part(x, begin, end), gradient + dense, part(mask, dense), mean, masked ? masked + dense : nullptr, sum,
                    product);
  });
  return {{sums.begin(), sums.begin() + x.channels}, {sums.begin() + x.channels, sums.end()}};
}

template <class T>
void input_gradient(Pixels<const T> x, const T* gradient, Mask<T> mask, const InputGradient& terms, Pixels<T> result, bool add) {
  at::parallel_for(0, x.count, grain(x.channels), [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dense = begin * x.channels;
    block_input_gradient(part(x, begin, end), gradient + dense, part(mask, dense), terms, part(result, begin, end), add);
  });
}

template Moments moments(Pixels<const float>);
template void scale_shift_relu(Pixels<const float>, const float*, const float*, const float*, float*);
template void scale_shift(Pixels<const float>, const float*, const float*, float*);
template GradientSums gradient_sums(Pixels<const float>, const float*, Mask<float>, const float*, float*);
template void input_gradient(Pixels<const float>, const float*, Mask<float>, const InputGradient&, Pixels<float>, bool);
template Moments moments(Pixels<const BFloat16>);
template void scale_shift_relu(Pixels<const BFloat16>, const float*, const float*, const BFloat16*, BFloat16*);
template void scale_shift(Pixels<const BFloat16>, const float*, const float*, BFloat16*);
template GradientSums gradient_sums(Pixels<const BFloat16>, const BFloat16*, Mask<BFloat16>, const float*, BFloat16*);
template void input_gradient(Pixels<const BFloat16>, const BFloat16*, Mask<BFloat16>, const InputGradient&, Pixels<BFloat16>, bool);

}  // namespace torchport::models::kernels
