// The memory passes of a fused batch norm over channels-last activations: one reading pass for the statistics, one pass that
// normalises, and in the backward pass one for the sums and one for the gradients. T is float or c10::BFloat16; sums are taken in
// float32 over blocks of pixels and added up in float64, in an order that does not depend on the number of threads.
#pragma once
#include <cstdint>
#include <vector>

namespace torchport::models::kernels {

/// `count` pixels of `channels` adjacent channels each; from one pixel to the next it is `stride` elements.
template <class T>
struct Pixels {
  T* data;
  std::int64_t count, channels, stride;
};

/// Pixels that are worth a thread of their own.
std::int64_t grain(std::int64_t channels);

/// Per channel, float64.
struct Moments {
  std::vector<double> mean, variance;  ///< the variance is the biased one
};
template <class T>
Moments moments(Pixels<const T> x);

/// y = max(0, x * scale + shift), or max(0, x * scale + shift + shortcut) where a shortcut is given; y and the shortcut are dense.
template <class T>
void scale_shift_relu(Pixels<const T> x, const float* scale, const float* shift, const T* shortcut, T* y);

/// y = x * scale + shift
template <class T>
void scale_shift(Pixels<const T> x, const float* scale, const float* shift, T* y);

/// What tells where ReLU let the gradient through: its output, or (without a shortcut) its input computed again.
template <class T>
struct Mask {
  const T* output = nullptr;                       ///< dense; null: x * scale + shift decides
  const float *scale = nullptr, *shift = nullptr;  ///< null as well: the gradient is masked already
};

/// Per channel, float64: the sums of g and of g * (x - mean), where g is the masked gradient.
struct GradientSums {
  std::vector<double> gradient, product;
};
/// Also writes g to `masked` (dense, may be `gradient`) unless that is null.
template <class T>
GradientSums gradient_sums(Pixels<const T> x, const T* gradient, Mask<T> mask, const float* mean, T* masked);

/// Per channel: the gradient of x is g * factor - (x - mean) * slope - offset.
struct InputGradient {
  const float *factor, *mean, *slope, *offset;
};
/// Writes, or with `add` adds, the gradient of x; `result` may be `gradient`.
template <class T>
void input_gradient(Pixels<const T> x, const T* gradient, Mask<T> mask, const InputGradient& terms, Pixels<T> result, bool add);

}  // namespace torchport::models::kernels
