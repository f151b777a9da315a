// Grey. Images stay RGB: one channel and three come to the same file.
#include "datasets/pixels/colour.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation grayscale(Arguments& args) {
  args.names({"num_output_channels"});
  if (args.has("num_output_channels") && args.integer("num_output_channels", 1, 3) == 2) {
    throw ArgumentError("num_output_channels is 2, but must be 1 or 3");
  }
  Operation operation;
  operation.apply = [](Pixels& image, RandomStream&) { to_grey(image); };
  return operation;
}

}  // namespace torchport::datasets
