// The middle of the image. One that is smaller is refused, as the original's Apply does; torchvision would add black borders.
#include <cmath>

#include "datasets/transforms/operation.h"

namespace torchport::datasets {

Operation center_crop(Arguments& args) {
  args.names({"size"});
  const ImageSize size = args.size("size");
  Operation operation;
  operation.fixed = size;
  operation.resize = [size](ImageSize from) {
    check_crop(from, size);
    return size;
  };
  operation.place = [size](ImageSize from, RandomStream&) {
    const auto middle = [](int all, int part) { return static_cast<int>(std::nearbyint((all - part) / 2.0)); };  // halves to even
    return Placement::cut({middle(from.height, size.height), middle(from.width, size.width), size.height, size.width});
  };
  return operation;
}

}  // namespace torchport::datasets
