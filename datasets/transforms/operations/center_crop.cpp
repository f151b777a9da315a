// The middle of the image. One that is smaller gets black around it, as with torchvision and the original, whose halves are these.
#include <cmath>

#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

/// What is missing, half on each side; an odd pixel goes to the right and to the bottom.
Border missing(ImageSize from, ImageSize size) {
  const int beside = std::max(0, size.width - from.width), above = std::max(0, size.height - from.height);
  return {beside / 2, above / 2, beside - beside / 2, above - above / 2};
}

/// The middle, as large as the image has it; halves of a pixel are rounded to even.
Box middle(ImageSize from, ImageSize size) {
  const ImageSize part{std::min(from.height, size.height), std::min(from.width, size.width)};
  const auto begin = [](int all, int some) { return static_cast<int>(std::nearbyint((all - some) / 2.0)); };
  return {begin(from.height, part.height), begin(from.width, part.width), part.height, part.width};
}

}  // namespace

Operation center_crop(Arguments& args) {
  args.names({"size"});
  const ImageSize size = args.size("size");
  Operation operation;
  operation.fixed = size;
  operation.resize = [size](ImageSize) { return size; };
  operation.blackens = [size](ImageSize from) { return !missing(from, size).empty(); };
  operation.place = [size](ImageSize from, RandomStream&) -> std::optional<Placement> {
    if (!missing(from, size).empty()) return std::nullopt;
    return Placement::cut(middle(from, size));
  };
  operation.apply = [size](Pixels& image, RandomStream&) {
    const Border black = missing(image.size(), size);
    image = padded(cropped(image, middle(image.size(), size)), black, BorderMode::constant, {});
  };
  return operation;
}

}  // namespace torchport::datasets
