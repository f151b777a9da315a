// Grey with the probability p.
#include "datasets/pixels/colour.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_grayscale(Arguments& args) {
  args.names({"p"});
  Operation operation;
  operation.random = true;
  operation.apply = [p = args.probability(0.1)](Pixels& image, RandomStream& random) {
    if (random.chance(p)) to_grey(image);
  };
  return operation;
}

}  // namespace torchport::datasets
