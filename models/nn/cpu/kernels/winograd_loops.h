// The transforms of Winograd's minimal filtering F(4 x 4, 3 x 3) over channels-last float32 activations: an output tile of 4 x 4
// pixels costs 36 products a channel instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015).
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

/// Whether this build has apply_filters, which multiplies by a function of LibTorch that no other version promises (brgemm).
bool can_apply_filters();
/// The whole convolution, by blocks of tiles that stay in a thread's cache: of x into y with the filters' points [36, in, out].
/// `scratch` has winograd_scratch values; where a thread of the pool allocates them, they cost page faults each time.
void apply_filters(const WinogradTiles& tiles, WinogradChannels in, WinogradChannels out, const float* x, const float* filters,
                   float* scratch, float* y);
std::int64_t winograd_scratch(std::int64_t in, std::int64_t out);

/// `count` tiles from `first` on.
struct WinogradRange {
  std::int64_t first, count;
};

/// Reads each tile with a border of one pixel (zeros outside of the map); writes points [36, count, channels].
void input_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* x, float* points);
/// Reads the tiles of a gradient, without a border; writes points [36, count, channels].
void gradient_to_points(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* gradient,
                        float* points);
/// Reads points [36, count, channels]; writes the tiles of a map.
void points_to_output(const WinogradTiles& tiles, WinogradRange range, WinogradChannels channels, const float* points, float* y);

/// Filters of 3 x 3 taps; neighbouring columns are neighbours in memory, columns are a multiple of kWinogradLanes.
struct WinogradFilters {
  std::int64_t rows, columns, row_stride, tap_stride;
};
/// Writes points [36, rows, columns]; `rotated` filters are turned by 180 degrees.
void filter_to_points(const WinogradFilters& filters, const float* taps, bool rotated, float* points);
/// The transpose of filter_to_points (not rotated): reads points [36, rows, columns], writes the taps.
void points_to_filter(const WinogradFilters& filters, const float* points, float* taps);

}  // namespace torchport::models::kernels
