// Turned, shifted, scaled and sheared by random amounts about the middle.
#include <cmath>
#include <numbers>

#include "datasets/pixels/warp.h"
#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// The inverse of: to the centre, shear, scale, turn, back, shift. From the output to the input, as Pillow wants it.
AffineMatrix inverse_matrix(const Affine& drawn, double centre_x, double centre_y) {
  const double turn = radians(drawn.angle), shear_x = radians(drawn.shear[0]), shear_y = radians(drawn.shear[1]);
  const double a = std::cos(turn - shear_y) / std::cos(shear_y), c = std::sin(turn - shear_y) / std::cos(shear_y);
  const double b = -a * std::tan(shear_x) - std::sin(turn), d = -c * std::tan(shear_x) + std::cos(turn);
  AffineMatrix matrix = {d / drawn.scale, -b / drawn.scale, 0, -c / drawn.scale, a / drawn.scale, 0};
  const double x = -centre_x - drawn.shift[0], y = -centre_y - drawn.shift[1];
  matrix[2] = matrix[0] * x + matrix[1] * y + centre_x;
  matrix[5] = matrix[3] * x + matrix[4] * y + centre_y;
  return matrix;
}

}  // namespace

Operation random_affine(Arguments& args) {
  args.names({"degrees", "translate", "scale", "shear", "interpolation", "fill", "center"});
  AffineRanges ranges;
  ranges.degrees = args.angles("degrees");
  if (args.has("translate")) {
    const auto shares = args.numbers("translate", 2, 2, 0, 1);
    ranges.translate = {shares[0], shares[1]};
  }
  ranges.scale = args.interval("scale", {1, 1}, 1e-3, 1e3);
  if (args.has("shear")) {  // x only as -s to s or as two numbers; x and y as four numbers
    const auto given = args.numbers("shear", 1, 4, -89, 89);
    if (given.size() == 3) throw ArgumentError("shear must be one, two or four numbers");
    if (given.size() == 1 && given[0] < 0) throw ArgumentError("shear is negative, but must be 0 or more");
    if (given.size() == 1) ranges.shear = {-given[0], given[0], 0, 0};
    if (given.size() > 1) std::copy(given.begin(), given.end(), ranges.shear.begin());
  }
  const Interpolation interpolation = args.interpolation({Interpolation::nearest, Interpolation::bilinear});
  const Rgb fill = args.fill();
  const auto centre = args.point("center");
  Operation operation;
  operation.random = true;
  operation.apply = [=](Pixels& image, RandomStream& random) {
    const double x = centre ? (*centre)[0] : image.width * 0.5, y = centre ? (*centre)[1] : image.height * 0.5;
    image = warped(image, inverse_matrix(draw_affine(ranges, image.size(), random), x, y), interpolation, fill);
  };
  return operation;
}

}  // namespace torchport::datasets
