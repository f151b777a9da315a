// The whole image, as large as a frame has room for, in the middle of the frame: no part is lost and no shape distorted.
// torchvision has no such operation; the pixels are those of Pillow's ImageOps.pad.
#include <cmath>

#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

/// The size of the image within the frame: what is left of the other edge is rounded, halves to even, as by Pillow's
/// ImageOps.contain.
ImageSize within(ImageSize from, ImageSize frame) {
  const double width = from.width, height = from.height;
  const double shape = width / height, frame_shape = static_cast<double>(frame.width) / frame.height;
  ImageSize to = frame;
  if (shape > frame_shape) to.height = static_cast<int>(std::nearbyint(height / width * frame.width));
  if (shape < frame_shape) to.width = static_cast<int>(std::nearbyint(width / height * frame.height));
  if (to.height < 1 || to.width < 1) throw TransformError("its shorter edge would vanish");
  return to;
}

/// What the frame has around the image: half on each side, halves of a pixel rounded to even on the left and above.
Border around(ImageSize image, ImageSize frame) {
  const auto begin = [](int all, int some) { return static_cast<int>(std::nearbyint((all - some) / 2.0)); };
  const int left = begin(frame.width, image.width), top = begin(frame.height, image.height);
  return {left, top, frame.width - image.width - left, frame.height - image.height - top};
}

}  // namespace

Operation letterbox(Arguments& args) {
  args.names({"size", "fill", "interpolation"});
  const ImageSize frame = args.size("size");
  const Rgb fill = args.fill();
  const Interpolation interpolation = args.interpolation({Interpolation::bilinear, Interpolation::bicubic});
  const auto fitted = [=](ImageSize from) {
    return Placement::resized({0, 0, from.height, from.width}, within(from, frame), interpolation);
  };
  Operation operation;
  operation.fixed = frame;
  operation.resize = [frame](ImageSize from) {
    check_area(from.height, within(from, frame).width);  // what is resized across, but not yet down
    return frame;
  };
  operation.place = [=](ImageSize from, RandomStream&) -> std::optional<Placement> {
    if (within(from, frame) != frame) return std::nullopt;
    return fitted(from);
  };
  operation.apply = [=](Pixels& image, RandomStream&) {
    image = placed(std::move(image), fitted(image.size()));
    image = padded(image, around(image.size(), frame), BorderMode::constant, fill);
  };
  return operation;
}

}  // namespace torchport::datasets
