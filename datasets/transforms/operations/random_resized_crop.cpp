// A part of random area and aspect ratio, from anywhere in the image, resized.
#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_resized_crop(Arguments& args) {
  args.names({"size", "scale", "ratio", "interpolation", "antialias"});
  const ImageSize size = args.size("size");
  const auto scale = args.interval("scale", {0.08, 1.0}, 0, 1);
  const auto ratio = args.interval("ratio", {3.0 / 4.0, 4.0 / 3.0}, 1e-3, 1e3);
  const Interpolation interpolation = args.interpolation({Interpolation::bilinear, Interpolation::bicubic});
  Operation operation;
  operation.random = true;
  operation.fixed = size;
  operation.resize = [size](ImageSize from) {
    check_area(from.height, size.width);  // what is resized across, but not yet down
    return size;
  };
  operation.place = [=](ImageSize from, RandomStream& random) {
    return Placement::resized(draw_resized_crop(from, scale, ratio, random), size, interpolation);
  };
  return operation;
}

}  // namespace torchport::datasets
