// Top and bottom are exchanged with the probability p.
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_vertical_flip(Arguments& args) {
  args.names({"p"});
  Operation operation;
  operation.random = true;
  operation.apply = [p = args.probability(0.5)](Pixels& image, RandomStream& random) {
    if (random.chance(p)) flip_vertically(image);
  };
  return operation;
}

}  // namespace torchport::datasets
