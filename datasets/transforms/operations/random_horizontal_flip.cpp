// Left and right are exchanged with the probability p.
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_horizontal_flip(Arguments& args) {
  args.names({"p"});
  Operation operation;
  operation.random = true;
  operation.place = [p = args.probability(0.5)](ImageSize from, RandomStream& random) {
    Placement placement = Placement::whole(from);
    placement.mirrored = random.chance(p);
    return placement;
  };
  return operation;
}

}  // namespace torchport::datasets
