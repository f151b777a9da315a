// Affine and perspective maps, equal to Pillow's `Image.transform` on 8-bit RGB. Used by the operations of transforms/.
#pragma once
#include <array>
#include <optional>

#include "datasets/pixels/place.h"
#include "datasets/pixels/placement.h"

namespace torchport::datasets {

/// From the output to the input: x' = [0] x + [1] y + [2], y' = [3] x + [4] y + [5]; pixel centres lie at halves.
using AffineMatrix = std::array<double, 6>;

/// x' = ([0] x + [1] y + [2]) / w, y' = ([3] x + [4] y + [5]) / w with w = [6] x + [7] y + 1, likewise.
using PerspectiveMatrix = std::array<double, 8>;

/// Of the image's own size; what comes from outside of the image is `fill`. `interpolation` is nearest or bilinear.
Pixels warped(const Pixels& in, const AffineMatrix& matrix, Interpolation interpolation, Rgb fill);
Pixels warped(const Pixels& in, const PerspectiveMatrix& matrix, Interpolation interpolation, Rgb fill);

/// Turned by `degrees` against the clock about `centre` (x, y), Pillow's `Image.rotate` without `expand`: quarter turns about the
/// middle, where the size allows, move pixels and do not mix them.
Pixels rotated(const Pixels& in, double degrees, const std::array<double, 2>* centre, Interpolation interpolation, Rgb fill);

/// The map that takes each point of `to` to that of `from` (x, y; four corners in the same order), rounded to float32 as
/// torchvision does. Nothing where three of the points lie on a line.
std::optional<PerspectiveMatrix> perspective_matrix(const std::array<std::array<int, 2>, 4>& from,
                                                    const std::array<std::array<int, 2>, 4>& to);

}  // namespace torchport::datasets
