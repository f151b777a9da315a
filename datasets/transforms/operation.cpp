#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

std::string text(ImageSize size) { return std::to_string(size.width) + " x " + std::to_string(size.height); }

}  // namespace

void check_crop(ImageSize image, ImageSize crop) {
  if (crop.width <= image.width && crop.height <= image.height) return;
  throw TransformError("the image is " + text(image) + ", smaller than the crop of " + text(crop));
}

void check_area(std::int64_t height, std::int64_t width) {
  if (height * width > kMaxPixels)
    throw TransformError("it would become " + std::to_string(width) + " x " + std::to_string(height));
}

}  // namespace torchport::datasets
