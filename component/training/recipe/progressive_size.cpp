#include "component/training/recipe/progressive_size.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>

#include <algorithm>
#include <cmath>

namespace torchport::component {

namespace {

constexpr std::int64_t kGrowingPercent = 70;  // of the epochs; the rest, at full size, fits the network to what validation shows it
constexpr int kMultiple = 32;                 // pixels: the stride of the last layers of ResNets and DenseNets

int shrunk(int full, double fraction, std::int64_t minimum) {
  const int nearest = static_cast<int>(std::lround(full * fraction / kMultiple)) * kMultiple;
  return std::clamp(nearest, std::min(full, std::max(static_cast<int>(minimum), kMultiple)), full);
}

}  // namespace

datasets::ImageSize ProgressiveSize::in(std::int64_t epoch) const {
  const std::int64_t growing = epochs * kGrowingPercent / 100;
  if (fraction == 1 || epoch >= growing) return full;
  const double now = fraction + (1 - fraction) * static_cast<double>(epoch) / static_cast<double>(growing);
  return {shrunk(full.height, now, minimum), shrunk(full.width, now, minimum)};
}

at::Tensor resized(const at::Tensor& images, datasets::ImageSize size) {
  if (images.size(2) == size.height && images.size(3) == size.width) return images;
  return at::_upsample_bilinear2d_aa(images, {size.height, size.width}, /*align_corners=*/false);
}

}  // namespace torchport::component
