// Batch norm + ReLU + 3 x 3 max-pool with stride 2 and padding 1 (the stem of ResNet and DenseNet) over channels-last activations:
// the large normalised image never exists. T is float or c10::BFloat16.
#pragma once
#include <cstdint>

namespace torchport::models::kernels {

/// Of the input: `images` images of height x width pixels, each with `channels` adjacent channels, all dense. The output has
/// (height + 1) / 2 x (width + 1) / 2 pixels.
struct PoolShape {
  std::int64_t images, height, width, channels;
  std::int64_t out_height() const { return (height + 1) / 2; }
  std::int64_t out_width() const { return (width + 1) / 2; }
};

/// y = max over each window of max(0, x * scale + shift). `place` says, for each element of y, which pixel of the window it is (row
/// by row, the first of equal ones), or kNowhere where y is 0 and no gradient passes.
inline constexpr std::uint8_t kNowhere = 255;
template <class T>
void scale_shift_relu_max_pool(const PoolShape& shape, const T* x, const float* scale, const float* shift, T* y,
                               std::uint8_t* place);

/// The gradient of x * scale + shift, of x's shape.
template <class T>
void max_pool_gradient(const PoolShape& shape, const T* gradient, const std::uint8_t* place, T* result);

}  // namespace torchport::models::kernels
