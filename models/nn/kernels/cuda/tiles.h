// How threads lie over a channels-last map: each has a few channels, whose numbers it keeps in registers, and goes through pixels.
#pragma once
#include "models/nn/kernels/cuda/table.h"
#include "models/nn/kernels/cuda/threads.h"

namespace torchport::models::gpu {

/// `lanes` threads side by side take a pack of channels each, so that a block has kThreads / lanes rows of pixels; `tiles` blocks
/// side by side have all channels, and `parts` of these rows of blocks all pixels.
struct Tile {
  Index pixels;
  int lanes, tiles, parts;
  int blocks() const { return tiles * parts; }
};

/// What the 132 multiprocessors of an H200 have at once. A number of blocks depends on the map alone, so that rounding, which
/// depends on the order of a sum, is the same on all GPUs.
constexpr int kBlocksAtATime = 132 * kBlocksAtOnce;
/// Of kernels that leave a sum for each part: one wave, as whoever adds these up goes through all of them. Of others: so many that
/// the last wave, which is not full, does not show.
constexpr int kMostBlocksOfSums = kBlocksAtATime, kMostBlocks = 8 * kBlocksAtATime;
constexpr int kMostLanes = 32, kPixelsPerThread = 4;

inline Tile tile_of(Index pixels, int packs, int most_blocks) {
  Tile tile{pixels, 1, 1, 1};
  for (int lanes = 1; lanes <= kMostLanes; ++lanes) {
    if (packs % lanes == 0) tile.lanes = lanes;
  }
  tile.tiles = packs / tile.lanes;
  const Index rows = kThreads / tile.lanes, wanted = (pixels + rows * kPixelsPerThread - 1) / (rows * kPixelsPerThread);
  const Index most = most_blocks / tile.tiles;
  tile.parts = static_cast<int>(wanted < most ? wanted : most);
  if (tile.parts < 1) tile.parts = 1;
  return tile;
}
inline Tile tile_of(const Map& x) { return tile_of(x.pixels, x.channels / pack_size(x.type), kMostBlocks); }
inline Tile tile_of_sums(const Map& x) { return tile_of(x.pixels, x.channels / pack_size(x.type), kMostBlocksOfSums); }

/// A thread's: the first of its channels, and the pixels from `begin` in steps.
struct Share {
  int channel;
  Index begin, step;
};

template <class T>
TORCHPORT_ON_BOTH Share share_of(const Tile& tile, const Thread& at) {
  const int lane = at.index % tile.lanes, row = at.index / tile.lanes, rows = kThreads / tile.lanes;
  const int side = at.block % tile.tiles, part = at.block / tile.tiles;
  const int channel = (side * tile.lanes + lane) * Pack<T>::kSize;
  // The threads of a row that is not whole have nothing to do.
  return {channel, row < rows ? static_cast<Index>(part) * rows + row : tile.pixels, static_cast<Index>(tile.parts) * rows};
}

/// A channel's numbers, of a thread's channels.
template <class T>
struct PerChannel {
  float values[Pack<T>::kSize];
  /// zeros where `from` is null
  TORCHPORT_ON_BOTH PerChannel(const float* from, int channel) {
    for (int k = 0; k < Pack<T>::kSize; ++k) values[k] = from ? from[channel + k] : 0.0f;
  }
  TORCHPORT_ON_BOTH float operator[](int k) const { return values[k]; }
};

/// x as its type.
template <class T>
struct Pixels {
  const T* data;
  Index stride;
  TORCHPORT_ON_BOTH Pack<T> load(Index pixel, int channel) const { return gpu::load(data + pixel * stride + channel); }
};
template <class T>
Pixels<T> pixels_of(const Map& x) {
  return {static_cast<const T*>(x.data), x.stride};
}

/// Two sums a channel, of what `Value` makes of each pixel; each part leaves its own: [part][2][channel].
template <class Value>
struct TwoSums {
  using T = typename Value::Element;
  static constexpr int kPhases = 2, kSize = Pack<T>::kSize;
  struct Shared {
    float sums[2][kSize][kThreads];
  };
  Tile tile;
  int channels;
  Value value;
  float* partial;

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared& shared) const {
    const Share share = share_of<T>(tile, at);
    float a[kSize] = {}, b[kSize] = {};
    const typename Value::Numbers numbers = value.numbers(share.channel, tile.pixels);
    for (Index p = share.begin; p < tile.pixels; p += share.step) value.add(p, share.channel, numbers, a, b);
    for (int k = 0; k < kSize; ++k) {
      shared.sums[0][k][at.index] = a[k];
      shared.sums[1][k][at.index] = b[k];
    }
    if (at.block < tile.tiles && at.index < tile.lanes)
      value.once(share.channel, numbers, partial + 2 * Index{channels} * tile.parts);
  }
  TORCHPORT_ON_BOTH void second(const Thread& at, const Shared& shared) const {
    const int rows = kThreads / tile.lanes, width = tile.lanes * kSize;
    const int side = at.block % tile.tiles, part = at.block / tile.tiles;
    for (int i = at.index; i < 2 * width; i += kThreads) {
      const int which = i / width, channel = i % width;
      float sum = 0;
      for (int row = 0; row < rows; ++row) sum += shared.sums[which][channel % kSize][row * tile.lanes + channel / kSize];
      partial[(2 * Index{part} + which) * channels + side * width + channel] = sum;
    }
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    value.memory(visit);
    visit(partial, /*writes=*/true);
  }
};

/// What TwoSums left, added up in float64: a thread for each of kColumns channels and kRows shares of the parts. `Use` has what
/// becomes of a channel's sums.
template <class Use>
struct Finish {
  static constexpr int kPhases = 2, kColumns = 16, kRows = kThreads / kColumns;
  struct Shared {
    double sums[2][kRows][kColumns];
  };
  const float* partial;
  int parts, channels;
  Use use;
  int blocks() const { return (channels + kColumns - 1) / kColumns; }

  TORCHPORT_ON_BOTH void first(const Thread& at, Shared& shared) const {
    const int column = at.index % kColumns, row = at.index / kColumns, channel = at.block * kColumns + column;
    double a = 0, b = 0;
    for (int part = row; part < parts && channel < channels; part += kRows) {
      a += partial[2 * Index{part} * channels + channel];
      b += partial[(2 * Index{part} + 1) * channels + channel];
    }
    shared.sums[0][row][column] = a;
    shared.sums[1][row][column] = b;
  }
  TORCHPORT_ON_BOTH void second(const Thread& at, const Shared& shared) const {
    const int channel = at.block * kColumns + at.index;
    if (at.index >= kColumns || channel >= channels) return;
    double a = 0, b = 0;
    for (int row = 0; row < kRows; ++row) {
      a += shared.sums[0][row][at.index];
      b += shared.sums[1][row][at.index];
    }
    use(channel, a, b, partial + 2 * Index{channels} * parts);
  }
  template <class Visit>
  void memory(const Visit& visit) const {
    visit(partial, /*writes=*/false);
    use.memory(visit);
  }
};

}  // namespace torchport::models::gpu
