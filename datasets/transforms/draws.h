// What the random operations draw, apart from what they do with it: torchvision's get_params. Called by the operations, and by the
// tests, which compare their distributions with torchvision's.
#pragma once
#include <array>
#include <optional>

#include "datasets/codecs/header.h"
#include "datasets/random.h"
#include "datasets/transforms/arguments.h"

namespace torchport::datasets {

/// A box of the size `crop`, anywhere in the image.
Box draw_crop(ImageSize image, ImageSize crop, RandomStream& random);

/// A box of a share of the area in `scale` and an aspect ratio (width / height, logarithmically uniform) in `ratio`; after ten
/// misses the largest middle part that has an allowed ratio.
Box draw_resized_crop(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio, RandomStream& random);

/// The same for erasing, where the ratio is height / width; nothing after ten misses.
std::optional<Box> draw_erasing(ImageSize image, const Arguments::Interval& scale, const Arguments::Interval& ratio,
                                RandomStream& random);

/// Brightness, contrast, saturation, hue; one without a range is left alone.
using JitterRanges = std::array<std::optional<Arguments::Interval>, 4>;
struct Jitter {
  std::array<std::size_t, 4> order{};  ///< a permutation of 0 to 3
  std::array<std::optional<double>, 4> factors;
};
Jitter draw_jitter(const JitterRanges& ranges, RandomStream& random);

struct AffineRanges {
  Arguments::Interval degrees{}, scale{1, 1};
  std::array<double, 2> translate{};  ///< at most these shares of width and height, in both directions
  std::array<double, 4> shear{};      ///< degrees: lowest and highest along x, then along y
};
struct Affine {
  double angle = 0, scale = 1;    ///< degrees; factor
  std::array<double, 2> shift{};  ///< x and y, whole pixels
  std::array<double, 2> shear{};  ///< x and y, degrees
};
Affine draw_affine(const AffineRanges& ranges, ImageSize image, RandomStream& random);

/// Where the corners go: top left, top right, bottom right, bottom left, each x and y.
using Corners = std::array<std::array<int, 2>, 4>;
Corners draw_perspective(ImageSize image, double distortion, RandomStream& random);

}  // namespace torchport::datasets
