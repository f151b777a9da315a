#include "models/nn/cpu/kernels/winograd_loops.h"

#include <ATen/Parallel.h>
#ifdef TORCHPORT_HAS_BRGEMM
#include <ATen/native/CPUBlas.h>
#endif

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "models/nn/cpu/kernels/winograd_transform.h"
#include "runtime/instruction_sets.h"

namespace torchport::models::kernels {
namespace {

// Tiles that one thread takes through all three stages, at most.
constexpr std::int64_t kBlock = 32;

// A square of kSide pixels of a map, some of which may lie outside of it.
template <std::int64_t kSide>
struct Window {
  std::int64_t offset, row_stride, pixel_stride, top, left, bottom, right;  // the part inside of the map

  // The tile's number counts row by row, image by image; `border` pixels are seen around it.
  Window(const WinogradTiles& tiles, std::int64_t tile, std::int64_t stride, std::int64_t border) {
    const std::int64_t column = tile % tiles.columns(), row = tile / tiles.columns() % tiles.rows();
    const std::int64_t image = tile / tiles.columns() / tiles.rows(), y = 4 * row - border, x = 4 * column - border;
    pixel_stride = stride;
    row_stride = tiles.width * stride;
    offset = image * tiles.height * row_stride + y * row_stride + x * pixel_stride;
    top = y < 0 ? -y : 0;
    left = x < 0 ? -x : 0;
    bottom = std::min(kSide, tiles.height - y);
    right = std::min(kSide, tiles.width - x);
  }
  bool whole() const { return top == 0 && left == 0 && bottom == kSide && right == kSide; }
  bool has(std::int64_t i, std::int64_t j) const { return i >= top && i < bottom && j >= left && j < right; }
  std::int64_t at(std::int64_t i, std::int64_t j) const { return offset + i * row_stride + j * pixel_stride; }
};

// Both ways into points: of a map's windows of kSide x kSide.
template <const auto& kMatrix, std::int64_t kSide, bool kWhole>
[[gnu::always_inline]] inline void window_to_points(const Window<kSide>& window, std::int64_t channels, const float* map,
                                                    float* points, std::int64_t point_stride) {
  for (std::int64_t k = 0; k < channels; k += kWinogradLanes) {
    Lanes x[kSide * kSide], y[kWinogradPoints];
    for (std::int64_t i = 0; i < kSide; ++i) {
      for (std::int64_t j = 0; j < kSide; ++j) {
        x[i * kSide + j] = Lanes{};
        if (kWhole || window.has(i, j)) load(map + window.at(i, j) + k, x[i * kSide + j]);
      }
    }
    transform<kMatrix>(x, y);
    for (std::int64_t p = 0; p < kWinogradPoints; ++p) store(y[p], points + p * point_stride + k);
  }
}

// What one thread does of a loop.
struct Part {
  std::int64_t begin, end;
};

template <const auto& kMatrix, std::int64_t kSide>
[[gnu::always_inline]] inline void map_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels,
                                                 Part part, std::int64_t border, const float* map, float* points) {
  for (std::int64_t t = part.begin; t < part.end; ++t) {
    const Window<kSide> window(tiles, range.first + t, channels.stride, border);
    float* out = points + t * channels.count;
    if (window.whole()) {
      window_to_points<kMatrix, kSide, true>(window, channels.count, map, out, range.count * channels.count);
    } else {
      window_to_points<kMatrix, kSide, false>(window, channels.count, map, out, range.count * channels.count);
    }
  }
}

[[gnu::always_inline]] inline void points_to_map(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels,
                                                 Part part, const float* points, float* map) {
  for (std::int64_t t = part.begin; t < part.end; ++t) {
    const Window<4> window(tiles, range.first + t, channels.stride, 0);
    for (std::int64_t k = 0; k < channels.count; k += kWinogradLanes) {
      Lanes x[kWinogradPoints], y[16];
      for (std::int64_t p = 0; p < kWinogradPoints; ++p) load(points + (p * range.count + t) * channels.count + k, x[p]);
      transform<kOutput>(x, y);
      for (std::int64_t i = 0; i < 4; ++i) {
        for (std::int64_t j = 0; j < 4; ++j) {
          if (window.has(i, j)) store(y[i * 4 + j], map + window.at(i, j) + k);
        }
      }
    }
  }
}

FOR_EACH_INSTRUCTION_SET void cloned_input(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, Part part,
                                           const float* x, float* points) {
  map_to_points<kInput, 6>(tiles, range, channels, part, 1, x, points);
}

FOR_EACH_INSTRUCTION_SET void cloned_gradient(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, Part part,
                                              const float* gradient, float* points) {
  map_to_points<kGradient, 4>(tiles, range, channels, part, 0, gradient, points);
}

FOR_EACH_INSTRUCTION_SET void cloned_output(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, Part part,
                                            const float* points, float* map) {
  points_to_map(tiles, range, channels, part, points, map);
}

FOR_EACH_INSTRUCTION_SET void cloned_filter(const WinogradFilters& filters, Part part, const float* taps, bool rotated,
                                            float* points) {
  for (std::int64_t row = part.begin; row < part.end; ++row) {
    for (std::int64_t k = 0; k < filters.columns; k += kWinogradLanes) {
      Lanes x[9], y[kWinogradPoints];
      for (std::int64_t tap = 0; tap < 9; ++tap)
        load(taps + row * filters.row_stride + (rotated ? 8 - tap : tap) * filters.tap_stride + k, x[tap]);
      transform<kFilter>(x, y);
      for (std::int64_t p = 0; p < kWinogradPoints; ++p) store(y[p], points + (p * filters.rows + row) * filters.columns + k);
    }
  }
}

FOR_EACH_INSTRUCTION_SET void cloned_filter_gradient(const WinogradFilters& filters, Part part, const float* points, float* taps) {
  for (std::int64_t row = part.begin; row < part.end; ++row) {
    for (std::int64_t k = 0; k < filters.columns; k += kWinogradLanes) {
      Lanes x[kWinogradPoints], y[9];
      for (std::int64_t p = 0; p < kWinogradPoints; ++p) load(points + (p * filters.rows + row) * filters.columns + k, x[p]);
      transform<kFilterGradient>(x, y);
      for (std::int64_t tap = 0; tap < 9; ++tap) store(y[tap], taps + row * filters.row_stride + tap * filters.tap_stride + k);
    }
  }
}

template <class Loop>
void in_parts(std::int64_t count, Loop&& loop) {
  at::parallel_for(0, count, 8, [&](std::int64_t begin, std::int64_t end) { loop(Part{begin, end}); });
}

}  // namespace

void input_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* x, float* points) {
  in_parts(range.count, [&](Part part) { cloned_input(tiles, range, channels, part, x, points); });
}
void gradient_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* gradient,
                        float* points) {
  in_parts(range.count, [&](Part part) { cloned_gradient(tiles, range, channels, part, gradient, points); });
}
void points_to_output(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* points, float* y) {
  in_parts(range.count, [&](Part part) { cloned_output(tiles, range, channels, part, points, y); });
}
void filter_to_points(const WinogradFilters& filters, const float* taps, bool rotated, float* points) {
  in_parts(filters.rows, [&](Part part) { cloned_filter(filters, part, taps, rotated, points); });
}
void points_to_filter(const WinogradFilters& filters, const float* points, float* taps) {
  in_parts(filters.rows, [&](Part part) { cloned_filter_gradient(filters, part, points, taps); });
}

std::int64_t winograd_scratch(std::int64_t in, std::int64_t out) {
  return at::get_num_threads() * kWinogradPoints * kBlock * (in + out);
}

#ifdef TORCHPORT_HAS_BRGEMM

bool can_apply_filters() { return true; }

void apply_filters(const WinogradTiles& tiles, WinogradChannels in, WinogradChannels out, const float* x, const float* filters,
                   float* scratch, float* y) {
  const std::int64_t of_all = at::divup(tiles.count(), at::get_num_threads()), block = std::min(kBlock, of_all);
  at::parallel_for(0, at::divup(tiles.count(), block), 1, [&](std::int64_t begin, std::int64_t end) {
    float* const before = scratch + at::get_thread_num() * kWinogradPoints * kBlock * (in.count + out.count);
    float* const after = before + kWinogradPoints * kBlock * in.count;
    for (std::int64_t b = begin; b < end; ++b) {
      const WinogradRange range{b * block, std::min(block, tiles.count() - b * block)};
      cloned_input(tiles, range, in, {0, range.count}, x, before);
      for (std::int64_t p = 0; p < kWinogradPoints; ++p)
        at::native::cpublas::brgemm(range.count, out.count, in.count, in.count, out.count, out.count, /*add_C=*/false,
                                    before + p * range.count * in.count, filters + p * in.count * out.count,
                                    after + p * range.count * out.count);
      cloned_output(tiles, range, out, {0, range.count}, after, y);
    }
    at::native::cpublas::brgemm_release(/*is_vnni=*/false);
  });
}

#else

bool can_apply_filters() { return false; }

void apply_filters(const WinogradTiles& /*tiles*/, WinogradChannels /*in*/, WinogradChannels /*out*/, const float* /*x*/,
                   const float* /*filters*/, float* /*scratch*/, float* /*y*/) {
  throw std::logic_error("apply_filters is not part of this build");
}

#endif

}  // namespace torchport::models::kernels
