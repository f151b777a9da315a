#include "datasets/transforms/operation.h"

#include "runtime/text/format.h"

namespace torchport::datasets {
namespace {

std::string text(ImageSize size) { return runtime::size_text(size.width, size.height); }

}  // namespace

void check_crop(ImageSize image, ImageSize crop) {
  if (crop.width <= image.width && crop.height <= image.height) return;
  throw TransformError("the image is " + text(image) + ", smaller than the crop of " + text(crop));
}

void check_area(std::int64_t height, std::int64_t width) {
  if (height * width > kMaxPixels) throw TransformError("it would become " + runtime::size_text(width, height));
}

}  // namespace torchport::datasets
