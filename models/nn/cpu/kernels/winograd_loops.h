// The transforms of Winograd's minimal filtering F(4 x 4, 3 x 3) over channels-last activations (T: float or c10::BFloat16,
// points are float32): an output tile of 4 x 4 pixels costs 36 products a channel instead of 144 (Lavin and Gray, "Fast Algorithms
// for Convolutional Neural Networks", 2015).
// With the interpolation points 0, 1, -1, 1/2, -2 and infinity results keep about one digit less than a direct convolution's; the
// usual points, with 2 and -2, lose twice as much.
#pragma once
#include <cstdint>

namespace torchport::models::kernels {

inline constexpr std::int64_t kWinogradPoints = 36, kWinogradLanes = 16;

/// Maps of `images` x `height` x `width` pixels, cut into tiles of 4 x 4; those at the right and the lower edge may hang over.
struct WinogradTiles {
  std::int64_t images, height, width;
  std::int64_t rows() const { return (height + 3) / 4; }
  std::int64_t columns() const { return (width + 3) / 4; }
  std::int64_t count() const { return images * rows() * columns(); }
};

/// Adjacent channels, a multiple of kWinogradLanes; from one pixel of the map to the next it is `stride` values.
struct WinogradChannels {
  std::int64_t count, stride;
};

/// The whole convolution, by blocks of tiles that stay in a thread's cache: of x into y with the filters' points [36, in, out].
/// `scratch` has winograd_scratch values; where a thread of the pool allocates them, they cost page faults each time.
template <class T>
void apply_filters(const WinogradTiles& tiles, WinogradChannels in, WinogradChannels out, const T* x, const float* filters,
                   float* scratch, T* y);
std::int64_t winograd_scratch(std::int64_t in, std::int64_t out);

/// `count` tiles from `first` on.
struct WinogradRange {
  std::int64_t first, count;
};

/// Reads each tile with a border of one pixel (zeros outside of the map); writes points [36, count, channels].
template <class T>
void input_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const T* x, float* points);
/// Reads the tiles of a gradient, without a border; writes points [36, count, channels].
template <class T>
void gradient_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const T* gradient,
                        float* points);

/// Filters of 3 x 3 taps; neighbouring columns are neighbours in memory, columns are a multiple of kWinogradLanes.
struct WinogradFilters {
  std::int64_t rows, columns, row_stride, tap_stride;
};
/// Writes points [36, rows, columns]; `rotated` filters are turned by 180 degrees.
void filter_to_points(const WinogradFilters& filters, const float* taps, bool rotated, float* points);
/// The transpose of filter_to_points (not rotated): reads points [36, rows, columns], writes the taps.
void points_to_filter(const WinogradFilters& filters, const float* points, float* taps);

}  // namespace torchport::models::kernels
