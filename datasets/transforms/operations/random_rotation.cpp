// Turned by a random angle; corners that come from outside of the image get the fill colour.
#include "datasets/pixels/warp.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_rotation(Arguments& args) {
  args.names({"degrees", "interpolation", "expand", "center", "fill"});
  const auto degrees = args.angles("degrees");
  const Interpolation interpolation = args.interpolation({Interpolation::nearest, Interpolation::bilinear});
  if (args.flag("expand")) throw ArgumentError("expand is true, which gives images of random sizes and is not supported");
  const auto centre = args.point("center");
  const Rgb fill = args.fill();
  Operation operation;
  operation.random = true;
  operation.apply = [=](Pixels& image, RandomStream& random) {
    image = rotated(image, random.uniform(degrees[0], degrees[1]), centre ? &*centre : nullptr, interpolation, fill);
  };
  return operation;
}

}  // namespace torchport::datasets
