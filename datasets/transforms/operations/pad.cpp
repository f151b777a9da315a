// A border around the image.
#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation pad(Arguments& args) {
  args.names({"padding", "fill", "padding_mode"});
  const Border border = args.padding();
  const BorderMode mode = args.padding_mode();
  const Rgb fill = args.fill();
  Operation operation;
  operation.resize = [border](ImageSize from) {
    return ImageSize{from.height + border.top + border.bottom, from.width + border.left + border.right};
  };
  operation.apply = [=](Pixels& image, RandomStream&) {
    if (!border.empty()) image = padded(image, border, mode, fill);
  };
  return operation;
}

}  // namespace torchport::datasets
