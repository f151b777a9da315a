// With the probability p the corners move inwards by random amounts.
#include "datasets/pixels/warp.h"
#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_perspective(Arguments& args) {
  args.names({"distortion_scale", "p", "interpolation", "fill"});
  const double distortion = args.number("distortion_scale", 0.5, 0, 1), p = args.probability(0.5);
  const Interpolation interpolation = args.interpolation({Interpolation::bilinear, Interpolation::nearest});
  const Rgb fill = args.fill();
  Operation operation;
  operation.random = true;
  operation.apply = [=](Pixels& image, RandomStream& random) {
    if (!random.chance(p)) return;
    const int right = image.width - 1, bottom = image.height - 1;
    const Corners from = {{{0, 0}, {right, 0}, {right, bottom}, {0, bottom}}};
    const auto matrix = perspective_matrix(from, draw_perspective(image.size(), distortion, random));
    if (matrix) image = warped(image, *matrix, interpolation, fill);  // else the image is too small to be distorted like this
  };
  return operation;
}

}  // namespace torchport::datasets
