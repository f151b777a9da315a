// Batch norm + ReLU (+ shortcut, or + max-pool) of channels-last maps on a device, backward: two sums a channel, what they make of
// the gradients of weights, and the gradient of the input.
#pragma once
#include "models/nn/kernels/cuda/pool_kernels.h"

namespace torchport::models::gpu {

/// What tells where ReLU let something through: nothing does, its output, or its input computed again.
enum class By { nothing, output, input };

/// g: the gradient that comes in, masked.
template <class T, By kBy>
struct MaskedGradient {
  static constexpr bool kNeedsScale = kBy == By::input;
  const T *incoming, *output;
  const float* shift;
  int channels;

  using Numbers = PerChannel<T>;  // the shift
  TORCHPORT_ON_BOTH Numbers numbers(int channel) const { return Numbers(kNeedsScale ? shift : nullptr, channel); }
  TORCHPORT_ON_BOTH void operator()(Index pixel, int channel, const Pack<T>& x, const PerChannel<T>& scale, const Numbers& term,
                                    float* g) const {
    const Index at = pixel * channels + channel;
    const Pack<T> in = load(incoming + at);
    Pack<T> out{};
    if (kBy == By::output) out = load(output + at);
    for (int k = 0; k < Pack<T>::kSize; ++k) {
      bool passes = true;
      if (kBy == By::output) passes = to_float(out.values[k]) > 0;
      if (kBy == By::input) passes = to_float(x.values[k]) * scale[k] + term[k] > 0;
      g[k] = passes ? to_float(in.values[k]) : 0.0f;
    }
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(incoming, /*writes=*/false);
    if (kBy == By::output) visit(output, /*writes=*/false);
    if (kBy == By::input) visit(shift, /*writes=*/false);
  }
};

/// Likewise, back from a max-pool, which knows where ReLU let nothing through.
template <class T>
struct SpreadGradient {
  static constexpr bool kNeedsScale = false;
  PooledGradient<T> pooled;

  struct Numbers {};
  TORCHPORT_ON_BOTH Numbers numbers(int) const { return {}; }
  TORCHPORT_ON_BOTH void operator()(Index pixel, int channel, const Pack<T>&, const PerChannel<T>&, const Numbers&,
                                    float* g) const {
    pooled(pixel, channel, g);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(pooled.incoming, /*writes=*/false);
    visit(pooled.place, /*writes=*/false);
  }
};

/// The sums of g and of g * (x - mean); g may be written down on the way.
template <class T, class Source>
struct SumGradients {
  using Element = T;
  struct Numbers {
    PerChannel<T> mean, scale;
    typename Source::Numbers source;
  };
  Pixels<T> x;
  Source source;
  const float *mean, *scale;
  T* masked;
  int channels;

  TORCHPORT_ON_BOTH Numbers numbers(int channel, Index) const {
    return {PerChannel<T>(mean, channel), PerChannel<T>(Source::kNeedsScale ? scale : nullptr, channel), source.numbers(channel)};
  }
  TORCHPORT_ON_BOTH void add(Index pixel, int channel, const Numbers& n, float* sum, float* product) const {
    const Pack<T> pack = x.load(pixel, channel);
    float g[Pack<T>::kSize];
    source(pixel, channel, pack, n.scale, n.source, g);
    Pack<T> written;
    for (int k = 0; k < Pack<T>::kSize; ++k) {
      sum[k] += g[k];
      product[k] += g[k] * (to_float(pack.values[k]) - n.mean[k]);
      from_float(g[k], written.values[k]);
    }
    if (masked) store(written, masked + pixel * channels + channel);
  }
  TORCHPORT_ON_BOTH void once(int, const Numbers&, float*) const {}
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(x.data, /*writes=*/false);
    visit(mean, /*writes=*/false);
    if (Source::kNeedsScale) visit(scale, /*writes=*/false);
    source.memory(visit);
    visit(masked, /*writes=*/true);
  }
};

struct UseGradientSums {
  double count;
  const float *inverse_std, *scale;
  float *weight_gradient, *bias_gradient, *slope, *offset;

  TORCHPORT_ON_BOTH void operator()(int c, double sum, double product, const float*) const {
    const double inverse = inverse_std[c], factor = scale[c];
    weight_gradient[c] = static_cast<float>(product * inverse);
    bias_gradient[c] = static_cast<float>(sum);
    if (!slope) return;
    slope[c] = static_cast<float>(factor * inverse * inverse * product / count);
    offset[c] = static_cast<float>(factor * sum / count);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(inverse_std, /*writes=*/false);
    visit(scale, /*writes=*/false);
    for (const float* written : {weight_gradient, bias_gradient, slope, offset}) visit(written, /*writes=*/true);
  }
};

template <class T, class Source>
struct WriteInputGradient {
  using Shared = NothingShared;
  static constexpr int kPhases = 1;
  Tile tile;
  Pixels<T> x;
  Source source;
  const float *scale, *mean, *slope, *offset;
  T* result;
  Index stride;
  bool add;

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared&) const {
    const Share share = share_of<T>(tile, at);
    const int c = share.channel;
    const typename Source::Numbers numbers = source.numbers(c);
    const PerChannel<T> factor(scale, c), from_mean(mean, c), by_distance(slope, c), less(offset, c);
    for (Index p = share.begin; p < tile.pixels; p += share.step) {
      const Pack<T> pack = x.load(p, c);
      float g[Pack<T>::kSize];
      source(p, c, pack, factor, numbers, g);
      T* const to = result + p * stride + c;
      Pack<T> sum{};
      if (add) sum = load(to);
      for (int k = 0; k < Pack<T>::kSize; ++k) {
        float value = g[k] * factor[k] - (to_float(pack.values[k]) - from_mean[k]) * by_distance[k] - less[k];
        if (add) value += to_float(sum.values[k]);
        from_float(value, sum.values[k]);
      }
      store(sum, to);
    }
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(x.data, /*writes=*/false);
    source.memory(visit);
    for (const float* read : {scale, mean, slope, offset}) visit(read, /*writes=*/false);
    visit(result, /*writes=*/true);
  }
};

}  // namespace torchport::models::gpu
