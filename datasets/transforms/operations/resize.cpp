// The shorter edge, or height and width, as wanted; with max_size the longer edge at most that.
#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

struct Wanted {
  std::vector<int> size;  // the shorter edge, or height and width
  std::optional<std::int64_t> longest;
};

/// torchvision's arithmetic: lengths are cut off, not rounded.
ImageSize new_size(ImageSize from, const Wanted& wanted) {
  if (wanted.size.size() == 2) return {wanted.size[0], wanted.size[1]};
  const std::int64_t less = std::min(from.width, from.height), more = std::max(from.width, from.height);
  std::int64_t shorter = wanted.size[0];
  auto longer = static_cast<std::int64_t>(static_cast<double>(shorter * more) / static_cast<double>(less));
  if (wanted.longest && longer > *wanted.longest) {
    shorter = static_cast<std::int64_t>(static_cast<double>(*wanted.longest * shorter) / static_cast<double>(longer));
    longer = *wanted.longest;
  }
  if (shorter < 1) throw TransformError("its shorter edge would vanish");
  check_area(shorter, longer);
  const auto low = static_cast<int>(shorter), high = static_cast<int>(longer);
  return from.width <= from.height ? ImageSize{high, low} : ImageSize{low, high};
}

}  // namespace

Operation resize(Arguments& args) {
  args.names({"size", "interpolation", "max_size", "antialias"});
  Wanted wanted{args.lengths("size"), std::nullopt};
  if (args.has("max_size")) {
    wanted.longest = args.integer("max_size", wanted.size[0] + 1, 65535);
    if (wanted.size.size() == 2) throw ArgumentError("max_size goes with one number as size, not with height and width");
  }
  const Interpolation interpolation = args.interpolation({Interpolation::bilinear, Interpolation::bicubic});
  Operation operation;
  if (wanted.size.size() == 2) operation.fixed = ImageSize{wanted.size[0], wanted.size[1]};
  operation.resize = [wanted](ImageSize from) {
    const ImageSize to = new_size(from, wanted);
    check_area(from.height, to.width);  // what is resized across, but not yet down
    return to;
  };
  operation.place = [wanted, interpolation](ImageSize from, RandomStream&) {
    return Placement::resized({0, 0, from.height, from.width}, new_size(from, wanted), interpolation);
  };
  return operation;
}

}  // namespace torchport::datasets
