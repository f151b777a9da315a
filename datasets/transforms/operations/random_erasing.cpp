// With the probability p a random rectangle gets one value. torchvision erases tensors between 0 and 1; here the value is one of
// these, too, and the pixels become its 255-fold.
#include <cmath>

#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation random_erasing(Arguments& args) {
  args.names({"p", "scale", "ratio", "value", "inplace"});
  const double p = args.probability(0.5);
  const auto scale = args.interval("scale", {0.02, 0.33}, 0, 1), ratio = args.interval("ratio", {0.3, 3.3}, 1e-3, 1e3);
  Rgb value{};
  if (args.has("value")) {  // the text "random" is refused: noise around 0 with both signs has no counterpart in bytes
    const auto given = args.numbers("value", 1, 3, 0, 1);
    if (given.size() == 2) throw ArgumentError("value must be one number or three");
    for (std::size_t c = 0; c < 3; ++c)
      value[c] = static_cast<std::uint8_t>(std::nearbyint(given[given.size() == 1 ? 0 : c] * 255));
  }
  Operation operation;
  operation.random = true;
  operation.apply = [=](Pixels& image, RandomStream& random) {
    if (!random.chance(p)) return;
    const auto box = draw_erasing(image.size(), scale, ratio, random);
    if (!box) return;
    for (int y = box->top; y < box->top + box->height; ++y) {
      for (int x = box->left; x < box->left + box->width; ++x)
        std::copy(value.begin(), value.end(), image.rgb.data() + image.at(y, x));
    }
  };
  return operation;
}

}  // namespace torchport::datasets
