// With the probability p the corners move inwards by random amounts.
#include "datasets/pixels/warp.h"
#include "datasets/transforms/draws.h"

namespace torchport::datasets {

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
    if (matrix) image = warped(image, *matrix, interpolation, fill);  // else the image is too small to be distorted so
  };
  return operation;
}

}  // namespace torchport::datasets
