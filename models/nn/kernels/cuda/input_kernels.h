// The bytes of images as the numbers that a network takes, by a table of what each byte becomes.
#pragma once
#include "models/nn/kernels/cuda/threads.h"

namespace torchport::models::gpu {

template <class T>
struct NumbersOfBytes {
  static constexpr int kPhases = 2, kValues = 3 * 256;
  struct Shared {
    T values[kValues];
  };
  const std::uint8_t* data;
  Index images, area;
  const float* values;
  bool channels_last;
  T* result;

  Index groups() const { return channels_last ? (3 * images * area + Pack<T>::kSize - 1) / Pack<T>::kSize : images * area; }
  int blocks() const {
    constexpr Index kMost = 2048;  // each reads the table
    const Index wanted = (groups() + kThreads - 1) / kThreads;
    return static_cast<int>(wanted > kMost ? kMost : wanted);
  }
  Index step;  ///< threads of all blocks

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared& shared) const {
    for (int i = at.index; i < kValues; i += kThreads) from_float(values[i], shared.values[i]);
  }
  TORCHPORT_ON_BOTH void second(const Thread& at, const Shared& shared) const {
    const Index first = static_cast<Index>(at.block) * kThreads + at.index;
    if (channels_last) {
      const Index count = 3 * images * area;
      for (Index begin = first * Pack<T>::kSize; begin < count; begin += step * Pack<T>::kSize) in_order(begin, count, shared);
    } else {
      for (Index p = first; p < images * area; p += step) in_planes(p, shared);
    }
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(data, /*writes=*/false);
    visit(values, /*writes=*/false);
    visit(result, /*writes=*/true);
  }

 private:
  TORCHPORT_ON_BOTH void in_order(Index begin, Index count, const Shared& shared) const {
    constexpr int kSize = Pack<T>::kSize;
    struct alignas(kSize) In {
      std::uint8_t bytes[kSize];
    };
    int channel = static_cast<int>(begin % 3);
    if (begin + kSize <= count) {
      const In in = *reinterpret_cast<const In*>(data + begin);
      Pack<T> out;
      for (int k = 0; k < kSize; ++k, channel = channel == 2 ? 0 : channel + 1)
        out.values[k] = shared.values[channel * 256 + in.bytes[k]];
      store(out, result + begin);
      return;
    }
    for (Index i = begin; i < count; ++i, channel = channel == 2 ? 0 : channel + 1)
      result[i] = shared.values[channel * 256 + data[i]];
  }
  TORCHPORT_ON_BOTH void in_planes(Index p, const Shared& shared) const {
    const Index image = p / area, at = p % area;
    for (int channel = 0; channel < 3; ++channel)
      result[(image * 3 + channel) * area + at] = shared.values[channel * 256 + data[3 * p + channel]];
  }
};

}  // namespace torchport::models::gpu
