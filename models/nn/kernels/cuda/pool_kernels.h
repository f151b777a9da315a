// Max-pool of the stem on a device: 3 x 3, stride 2, padding 1, over the norm and ReLU of a map that is never made; and the way of
// a gradient back through it.
#pragma once
#include "models/nn/kernels/cuda/norm_kernels.h"

namespace torchport::models::gpu {

/// A pixel of an image; `pixel` counts through all images. 32 bits: a GPU divides these quickly.
struct Place {
  unsigned image;
  int row, column;
};
TORCHPORT_ON_BOTH Place place_of(Index pixel, int height, int width) {
  const unsigned p = static_cast<unsigned>(pixel), row = p / static_cast<unsigned>(width);
  return {row / static_cast<unsigned>(height), static_cast<int>(row % static_cast<unsigned>(height)),
          static_cast<int>(p % static_cast<unsigned>(width))};
}

constexpr std::uint8_t kNowhere = 255;

/// Which pixel of its window, for as many elements as T has in a pack.
template <class T>
struct alignas(Pack<T>::kSize) Taps {
  std::uint8_t values[Pack<T>::kSize];
};

template <class T>
struct ApplyMaxPool {
  using Shared = NothingShared;
  static constexpr int kPhases = 1;
  Tile tile;  // over the output
  int channels;
  Pixels<T> x;
  Pool pool;
  int out_height, out_width;
  const float *scale, *shift;
  T* y;
  std::uint8_t* place;

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared&) const {
    const Share share = share_of<T>(tile, at);
    const PerChannel<T> factor(scale, share.channel), term(shift, share.channel);
    for (Index p = share.begin; p < tile.pixels; p += share.step) window(p, share.channel, factor, term);
  }
  TORCHPORT_ON_BOTH void window(Index p, int channel, const PerChannel<T>& factor, const PerChannel<T>& term) const {
    const Place out = place_of(p, out_height, out_width);
    PerChannel<T> best(nullptr, channel);
    Taps<T> taps;
    for (int k = 0; k < Pack<T>::kSize; ++k) taps.values[k] = kNowhere;
    for (int tap = 0; tap < 9; ++tap) {
      const int row = 2 * out.row - 1 + tap / 3, column = 2 * out.column - 1 + tap % 3;
      if (row < 0 || row >= pool.height || column < 0 || column >= pool.width) continue;
      const Pack<T> pack = x.load((static_cast<Index>(out.image) * pool.height + row) * pool.width + column, channel);
      for (int k = 0; k < Pack<T>::kSize; ++k) {
        const float value = to_float(pack.values[k]) * factor[k] + term[k];
        if (!(value > best[k]) && value == value) continue;  // a NaN is never lost again
        best.values[k] = value;
        taps.values[k] = static_cast<std::uint8_t>(tap);
      }
    }
    Pack<T> result;
    for (int k = 0; k < Pack<T>::kSize; ++k) from_float(best[k], result.values[k]);
    store(result, y + p * channels + channel);
    *reinterpret_cast<Taps<T>*>(place + p * channels + channel) = taps;
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(x.data, /*writes=*/false);
    visit(scale, /*writes=*/false);
    visit(shift, /*writes=*/false);
    visit(y, /*writes=*/true);
    visit(place, /*writes=*/true);
  }
};

/// The gradient of a pixel of x, summed over the windows that it is the greatest of. An even row lies in one window, an odd one in
/// two: as the last row of one and the first of the next; likewise a column.
template <class T>
struct PooledGradient {
  const T* incoming;
  const std::uint8_t* place;
  int height, width, out_height, out_width, channels;

  TORCHPORT_ON_BOTH void operator()(Index pixel, int channel, float* sum) const {
    const Place at = place_of(pixel, height, width);
    for (int k = 0; k < Pack<T>::kSize; ++k) sum[k] = 0;
    for (int r = at.row / 2; r <= (at.row + 1) / 2 && r < out_height; ++r) {
      for (int c = at.column / 2; c <= (at.column + 1) / 2 && c < out_width; ++c) {
        const int tap = (at.row - 2 * r + 1) * 3 + at.column - 2 * c + 1;
        const Index from = ((static_cast<Index>(at.image) * out_height + r) * out_width + c) * channels + channel;
        const Pack<T> pack = load(incoming + from);
        const Taps<T> taps = *reinterpret_cast<const Taps<T>*>(place + from);
        for (int k = 0; k < Pack<T>::kSize; ++k) sum[k] += taps.values[k] == tap ? to_float(pack.values[k]) : 0.0f;
      }
    }
  }
};

}  // namespace torchport::models::gpu
