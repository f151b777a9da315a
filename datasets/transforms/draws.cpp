#include "datasets/transforms/draws.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace torchport::datasets {
namespace {

/// Two sides of a rectangle, whole numbers: of a share of the image's area in `scale`, and first / second in `ratio`.
std::array<double, 2> draw_sides(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio,
                                 RandomStream& random) {
  const double area = static_cast<double>(image.height) * image.width * random.uniform(scale[0], scale[1]);
  const double aspect = std::exp(random.uniform(std::log(ratio[0]), std::log(ratio[1])));
  return {std::nearbyint(std::sqrt(area * aspect)), std::nearbyint(std::sqrt(area / aspect))};
}

}  // namespace

Box draw_crop(ImageSize image, ImageSize crop, RandomStream& random) {
  const int top = random.integer(0, image.height - crop.height);
  return {top, random.integer(0, image.width - crop.width), crop.height, crop.width};
}

Box draw_resized_crop(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio, RandomStream& random) {
  for (int tries = 0; tries < 10; ++tries) {
    const auto [width, height] = draw_sides(image, scale, ratio, random);
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

std::optional<Box> draw_erasing(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio,
                                RandomStream& random) {
  for (int tries = 0; tries < 10; ++tries) {
    const auto [height, width] = draw_sides(image, scale, ratio, random);
    if (height < image.height && width < image.width)
      return draw_crop(image, {static_cast<int>(height), static_cast<int>(width)}, random);
  }
  return std::nullopt;  // no rectangle fitted
}

Jitter draw_jitter(const JitterRanges& ranges, RandomStream& random) {
  Jitter jitter;
  std::iota(jitter.order.begin(), jitter.order.end(), 0);
  for (int i = 3; i > 0; --i)
    std::swap(jitter.order[static_cast<std::size_t>(i)], jitter.order[static_cast<std::size_t>(random.integer(0, i))]);
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    if (ranges[k]) jitter.factors[k] = random.uniform((*ranges[k])[0], (*ranges[k])[1]);
  }
  return jitter;
}

Affine draw_affine(const AffineRanges& ranges, ImageSize image, RandomStream& random) {
  Affine drawn;
  drawn.angle = random.uniform(ranges.degrees[0], ranges.degrees[1]);
  const double across = ranges.translate[0] * image.width, down = ranges.translate[1] * image.height;
  drawn.shift = {std::nearbyint(random.uniform(-across, across)), std::nearbyint(random.uniform(-down, down))};
  drawn.scale = random.uniform(ranges.scale[0], ranges.scale[1]);
  drawn.shear = {random.uniform(ranges.shear[0], ranges.shear[1]), random.uniform(ranges.shear[2], ranges.shear[3])};
  return drawn;
}

Corners draw_perspective(ImageSize image, double distortion, RandomStream& random) {
  const int across = static_cast<int>(distortion * (image.width / 2)), down = static_cast<int>(distortion * (image.height / 2));
  const auto left = [&] { return random.integer(0, across); };
  const auto right = [&] { return random.integer(image.width - across - 1, image.width - 1); };
  const auto top = [&] { return random.integer(0, down); };
  const auto bottom = [&] { return random.integer(image.height - down - 1, image.height - 1); };
  Corners corners;  // the initialisers of a braced list run in order
  corners[0] = {left(), top()};
  corners[1] = {right(), top()};
  corners[2] = {right(), bottom()};
  corners[3] = {left(), bottom()};
  return corners;
}

}  // namespace torchport::datasets
