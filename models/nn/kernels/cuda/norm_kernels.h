// Batch norm + ReLU (+ shortcut) of channels-last maps on a device, forward: moments, what they make of a norm, its application.
#pragma once
#include <cmath>

#include "models/nn/kernels/cuda/tiles.h"

namespace torchport::models::gpu {

/// The sums of x - pivot and of its square, where the pivot is the mean of four pixels; x may be copied on the way.
template <class T>
struct MomentSums {
  using Element = T;
  using Numbers = PerChannel<T>;
  Pixels<T> x;
  T* copy;
  Index copy_stride;

  TORCHPORT_ON_BOTH Numbers numbers(int channel, Index pixels) const {
    Numbers pivot(nullptr, channel);
    for (int i = 0; i < 4; ++i) {
      const Pack<T> pack = x.load(pixels * i / 4, channel);
      for (int k = 0; k < Pack<T>::kSize; ++k) pivot.values[k] += 0.25f * to_float(pack.values[k]);
    }
    return pivot;
  }
  TORCHPORT_ON_BOTH void add(Index pixel, int channel, const Numbers& pivot, float* sum, float* square) const {
    const Pack<T> pack = x.load(pixel, channel);
    for (int k = 0; k < Pack<T>::kSize; ++k) {
      const float away = to_float(pack.values[k]) - pivot[k];
      sum[k] += away;
      square[k] += away * away;
    }
    if (copy) store(pack, copy + pixel * copy_stride + channel);
  }
  TORCHPORT_ON_BOTH void once(int channel, const Numbers& pivot, float* pivots) const {
    for (int k = 0; k < Pack<T>::kSize; ++k) pivots[channel + k] = pivot[k];
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(x.data, /*writes=*/false);
    visit(copy, /*writes=*/true);
  }
};

TORCHPORT_ON_BOTH void make_norm(const Norm& norm, int c, double mean, double variance) {
  const double inverse_std = 1 / sqrt(variance + norm.eps), scale = norm.weight[c] * inverse_std;
  norm.inverse_std[c] = static_cast<float>(inverse_std);
  norm.scale[c] = static_cast<float>(scale);
  norm.shift[c] = static_cast<float>(norm.bias[c] - mean * scale);
  if (!norm.running_mean) return;
  const double unbiased = variance * norm.count / (norm.count - 1);
  norm.running_mean[c] = static_cast<float>(norm.momentum * mean + (1 - norm.momentum) * norm.running_mean[c]);
  norm.running_var[c] = static_cast<float>(norm.momentum * unbiased + (1 - norm.momentum) * norm.running_var[c]);
}

template <class Visit>
void memory_of(const Norm& norm, const Visit& visit) {
  for (const float* read : {norm.mean, norm.variance, norm.weight, norm.bias}) visit(read, /*writes=*/false);
  for (const float* written : {norm.running_mean, norm.running_var, norm.inverse_std, norm.scale, norm.shift})
    visit(written, /*writes=*/true);
}

/// Of the sums: moments and, where `norm` has a scale, the norm.
struct UseMoments {
  double count;
  float *mean, *variance;
  Norm norm;

  TORCHPORT_ON_BOTH void operator()(int c, double sum, double square, const float* pivots) const {
    const double away = sum / count, m = pivots[c] + away, v = square / count - away * away;
    const double not_negative = v < 0 ? 0 : v;  // a NaN stays one
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(not_negative);
    if (norm.scale) make_norm(norm, c, m, not_negative);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(mean, /*writes=*/true);
    visit(variance, /*writes=*/true);
    memory_of(norm, visit);
  }
};

/// A norm of moments that are there.
struct MakeNorm {
  using Shared = NothingShared;
  static constexpr int kPhases = 1;
  Norm norm;
  int blocks() const { return (norm.channels + kThreads - 1) / kThreads; }

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared&) const {
    const int c = at.block * kThreads + at.index;
    if (c < norm.channels) make_norm(norm, c, norm.mean[c], norm.variance[c]);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    memory_of(norm, visit);
  }
};

/// max(0, value), where NaN stays NaN
TORCHPORT_ON_BOTH float relu_of(float value) { return value < 0 ? 0.0f : value; }

template <class T>
struct ApplyNorm {
  using Shared = NothingShared;
  static constexpr int kPhases = 1;
  Tile tile;
  int channels;
  Pixels<T> x;
  const float *scale, *shift;
  const T* shortcut;
  bool relu;
  T* y;

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared&) const {
    const Share share = share_of<T>(tile, at);
    const PerChannel<T> factor(scale, share.channel), term(shift, share.channel);
    for (Index p = share.begin; p < tile.pixels; p += share.step) {
      Pack<T> pack = x.load(p, share.channel), also{};
      if (shortcut) also = load(shortcut + p * channels + share.channel);
      for (int k = 0; k < Pack<T>::kSize; ++k) {
        float value = to_float(pack.values[k]) * factor[k] + term[k];
        if (shortcut) value += to_float(also.values[k]);
        from_float(relu ? relu_of(value) : value, pack.values[k]);
      }
      store(pack, y + p * channels + share.channel);
    }
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(x.data, /*writes=*/false);
    visit(scale, /*writes=*/false);
    visit(shift, /*writes=*/false);
    visit(shortcut, /*writes=*/false);
    visit(y, /*writes=*/true);
  }
};

/// Pixels with channels of their own stride each.
template <class T>
struct CopyPixels {
  using Shared = NothingShared;
  static constexpr int kPhases = 1;
  Tile tile;
  Pixels<T> from;
  T* to;
  Index stride;

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared&) const {
    const Share share = share_of<T>(tile, at);
    for (Index p = share.begin; p < tile.pixels; p += share.step)
      store(from.load(p, share.channel), to + p * stride + share.channel);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(from.data, /*writes=*/false);
    visit(to, /*writes=*/true);
  }
};

}  // namespace torchport::models::gpu
