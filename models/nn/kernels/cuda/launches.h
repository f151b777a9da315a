// The functions of the table (table.h) as kernels with their numbers of blocks. `Launcher` starts a kernel: on the device in
// device_table.cu, by the host's threads in the tests.
#pragma once
#include "models/nn/kernels/cuda/gradient_kernels.h"
#include "models/nn/kernels/cuda/input_kernels.h"

namespace torchport::models::gpu {

/// What work gives for a value of a type's.
template <class Work>
const char* with(Type type, const Work& work) {
  return type == Type::float32 ? work(float{}) : work(BFloat16{});
}

template <class Launcher>
struct Launches {
  static std::int64_t scratch(const Map& x) { return (2 * static_cast<Index>(tile_of_sums(x).parts) + 1) * x.channels; }

  static const char* moments(const Moments& m, const Norm* norm, void* stream) {
    const Tile tile = tile_of_sums(m.x);
    const char* const failed = with(m.x.type, [&](auto zero) {
      using T = decltype(zero);
      const MomentSums<T> sums{pixels_of<T>(m.x), static_cast<T*>(m.copy), m.copy_stride};
      return Launcher::start(TwoSums<MomentSums<T>>{tile, m.x.channels, sums, m.scratch}, tile.blocks(), stream);
    });
    if (failed) return failed;
    UseMoments use{static_cast<double>(m.x.pixels), m.mean, m.variance, norm ? *norm : Norm{}};
    use.norm.mean = use.norm.variance = nullptr;
    const Finish<UseMoments> finish{m.scratch, tile.parts, m.x.channels, use};
    return Launcher::start(finish, finish.blocks(), stream);
  }
  static const char* norm(const Norm& norm, void* stream) {
    const MakeNorm kernel{norm};
    return Launcher::start(kernel, kernel.blocks(), stream);
  }
  static const char* apply(const Apply& a, void* stream) {
    const Tile tile = tile_of(a.x);
    return with(a.x.type, [&](auto zero) {
      using T = decltype(zero);
      return Launcher::start(ApplyNorm<T>{tile, a.x.channels, pixels_of<T>(a.x), a.scale, a.shift,
                                          static_cast<const T*>(a.shortcut), a.relu, static_cast<T*>(a.y)},
                             tile.blocks(), stream);
    });
  }
  static const char* apply_pool(const ApplyPool& a, void* stream) {
    const int height = a.pool.out_height(), width = a.pool.out_width();
    const Tile tile = tile_of(a.pool.images * height * width, a.x.channels / pack_size(a.x.type), kMostBlocks);
    return with(a.x.type, [&](auto zero) {
      using T = decltype(zero);
      return Launcher::start(ApplyMaxPool<T>{tile, a.x.channels, pixels_of<T>(a.x), a.pool, height, width, a.scale, a.shift,
                                             static_cast<T*>(a.y), a.place},
                             tile.blocks(), stream);
    });
  }
  static const char* gradient_sums(const GradientSums& s, void* stream) {
    const Gradient& g = s.gradient;
    const Tile tile = tile_of_sums(g.x);
    const char* const failed = with_source(g, [&](auto zero, auto source) {
      using T = decltype(zero);
      using Sums = SumGradients<T, decltype(source)>;
      const Sums sums{pixels_of<T>(g.x), source, g.mean, g.scale, static_cast<T*>(s.masked), g.x.channels};
      return Launcher::start(TwoSums<Sums>{tile, g.x.channels, sums, s.scratch}, tile.blocks(), stream);
    });
    if (failed) return failed;
    const UseGradientSums use{s.count, g.inverse_std, g.scale, s.weight_gradient, s.bias_gradient, s.slope, s.offset};
    const Finish<UseGradientSums> finish{s.scratch, tile.parts, g.x.channels, use};
    return Launcher::start(finish, finish.blocks(), stream);
  }
  static const char* input_gradient(const InputGradient& i, void* stream) {
    const Gradient& g = i.gradient;
    const Tile tile = tile_of(g.x);
    return with_source(g, [&](auto zero, auto source) {
      using T = decltype(zero);
      return Launcher::start(WriteInputGradient<T, decltype(source)>{tile, pixels_of<T>(g.x), source, g.scale, g.mean, i.slope,
                                                                     i.offset, static_cast<T*>(i.result), i.stride, i.add},
                             tile.blocks(), stream);
    });
  }
  static const char* copy(const Copy& c, void* stream) {
    const Tile tile = tile_of(c.from);
    return with(c.from.type, [&](auto zero) {
      using T = decltype(zero);
      return Launcher::start(CopyPixels<T>{tile, pixels_of<T>(c.from), static_cast<T*>(c.to), c.stride}, tile.blocks(), stream);
    });
  }
  static const char* bytes(const Bytes& b, void* stream) {
    return with(b.type, [&](auto zero) {
      using T = decltype(zero);
      NumbersOfBytes<T> kernel{b.data, b.images, b.area, b.values, b.channels_last, static_cast<T*>(b.result), 0};
      kernel.step = static_cast<Index>(kernel.blocks()) * kThreads;
      return Launcher::start(kernel, kernel.blocks(), stream);
    });
  }
  static CudaKernels table() { return {scratch, moments, norm, apply, apply_pool, gradient_sums, input_gradient, copy, bytes}; }

 private:
  template <class Work>
  static const char* with_source(const Gradient& g, const Work& work) {
    return with(g.x.type, [&](auto zero) {
      using T = decltype(zero);
      const T* const incoming = static_cast<const T*>(g.incoming);
      if (g.place)
        return work(zero, SpreadGradient<T>{{incoming, g.place, g.pool.height, g.pool.width, g.pool.out_height(),
                                             g.pool.out_width(), g.x.channels}});
      const T* const output = static_cast<const T*>(g.output);
      if (output) return work(zero, MaskedGradient<T, By::output>{incoming, output, nullptr, g.x.channels});
      if (g.by_input) return work(zero, MaskedGradient<T, By::input>{incoming, nullptr, g.shift, g.x.channels});
      return work(zero, MaskedGradient<T, By::nothing>{incoming, nullptr, nullptr, g.x.channels});
    });
  }
};

}  // namespace torchport::models::gpu
