// One operation of an image transformation: datasets/transforms/operations/<name>.cpp makes it from the arguments that
// `_transforms.json` gives. Made by Transformation alone. Names and meanings are torchvision's (0.26, on Pillow images):
// RandomCrop is random_crop.cpp.
#pragma once
#include <functional>

#include "datasets/codecs/decode.h"
#include "datasets/pixels/placement.h"
#include "datasets/random.h"
#include "datasets/transforms/arguments.h"
#include "datasets/transforms/transformation.h"
#include "runtime/spec/table.h"

namespace torchport::datasets {

struct Operation {
  /// Changes an image. Its result is a function of the pixels and the stream. Absent where `place` always tells.
  std::function<void(Pixels&, RandomStream&)> apply;
  /// Of an operation that only chooses, resizes or mirrors pixels: what it would do with an image of a size, from the same draws as
  /// `apply`; nothing, and no number drawn, where it does more than that. Such operations at the beginning of a list are done as
  /// one while decoding.
  std::function<std::optional<Placement>(ImageSize, RandomStream&)> place;
  /// The size of what comes out of an image of a size; absent where it stays. \throws TransformError
  std::function<ImageSize(ImageSize)> resize;
  /// Whether an image of a size gets black around it because the crop is larger; absent where that never happens.
  std::function<bool(ImageSize)> blackens;
  /// What `resize` gives for every image that it takes; absent where that depends on the image.
  std::optional<ImageSize> fixed;
  bool random = false;  ///< left out for inference
};

/// \throws TransformError where the image is smaller than the crop
void check_crop(ImageSize image, ImageSize crop);
/// \throws TransformError where an image of this size, or one on the way to it, would have more pixels than images may have
void check_area(std::int64_t height, std::int64_t width);

/// The generated table of datasets/transforms/operations/. \throws ArgumentError
const runtime::Table<Operation(Arguments&)>& transforms();

}  // namespace torchport::datasets
