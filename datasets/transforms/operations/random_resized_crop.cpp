// A part of random area and aspect ratio, from anywhere in the image, resized.
#include <cmath>

#include "datasets/transforms/draws.h"

namespace torchport::datasets {

Box draw_resized_crop(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio, RandomStream& random) {
  const double area = static_cast<double>(image.height) * image.width;
  for (int tries = 0; tries < 10; ++tries) {
    const double target = area * random.uniform(scale[0], scale[1]);
    const double aspect = std::exp(random.uniform(std::log(ratio[0]), std::log(ratio[1])));
    const double width = std::nearbyint(std::sqrt(target * aspect)), height = std::nearbyint(std::sqrt(target / aspect));
    if (!(width > 0 && width <= image.width && height > 0 && height <= image.height)) continue;
    return draw_crop(image, {static_cast<int>(height), static_cast<int>(width)}, random);
  }
  // Nothing fitted: the largest middle part whose aspect ratio is allowed.
  const double aspect = static_cast<double>(image.width) / image.height;
  ImageSize part = image;
  if (aspect < ratio[0]) part.height = static_cast<int>(std::nearbyint(image.width / ratio[0]));
  if (aspect > ratio[1]) part.width = static_cast<int>(std::nearbyint(image.height * ratio[1]));
  return {(image.height - part.height) / 2, (image.width - part.width) / 2, std::max(1, part.height), std::max(1, part.width)};
}

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
