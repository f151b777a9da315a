// A part of the given size, from anywhere in the image, which may get a border first.
#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

struct Options {
  ImageSize size;
  Border padding;
  bool pad_if_needed = false;
  Rgb fill{};
  BorderMode mode = BorderMode::constant;
};

/// The borders one after another: the given one, one for the width and one for the height, each where it is needed.
std::array<Border, 3> borders(ImageSize from, const Options& options) {
  const Border& given = options.padding;
  const int width = from.width + given.left + given.right, height = from.height + given.top + given.bottom;
  const int beside = options.pad_if_needed ? std::max(0, options.size.width - width) : 0;
  const int above = options.pad_if_needed ? std::max(0, options.size.height - height) : 0;
  return {given, {beside, 0, beside, 0}, {0, above, 0, above}};
}

}  // namespace

Operation random_crop(Arguments& args) {
  args.names({"size", "padding", "pad_if_needed", "fill", "padding_mode"});
  Options options{args.size("size"), {}, args.flag("pad_if_needed"), args.fill(), args.padding_mode()};
  if (args.has("padding")) options.padding = args.padding();
  Operation operation;
  operation.random = true;
  operation.fixed = options.size;
  operation.resize = [options](ImageSize from) {
    for (const Border& border : borders(from, options)) {
      from = {from.height + border.top + border.bottom, from.width + border.left + border.right};
      check_area(from.height, from.width);
    }
    check_crop(from, options.size);
    return options.size;
  };
  operation.place = [options](ImageSize from, RandomStream& random) -> std::optional<Placement> {
    const auto needed = borders(from, options);
    if (!std::all_of(needed.begin(), needed.end(), [](const Border& border) { return border.empty(); })) return std::nullopt;
    return Placement::cut(draw_crop(from, options.size, random));
  };
  operation.apply = [options](Pixels& image, RandomStream& random) {
    for (const Border& border : borders(image.size(), options)) {
      if (!border.empty()) image = padded(image, border, options.mode, options.fill);
    }
    image = cropped(image, draw_crop(image.size(), options.size, random));
  };
  return operation;
}

}  // namespace torchport::datasets
