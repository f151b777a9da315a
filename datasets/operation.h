// One operation of an image transformation: datasets/transforms/<name>.cpp makes it from the arguments that `_transforms.json`
// gives. Called by Transformation alone. Names and meanings are torchvision's (0.26, on Pillow images): RandomCrop is
// random_crop.cpp.
#pragma once
#include <functional>

#include "datasets/arguments.h"
#include "datasets/images/decode.h"
#include "datasets/random.h"
#include "datasets/transformation.h"
#include "runtime/table.h"

namespace torchport::datasets {

struct Operation {
  /// Changes an image. Its result is a function of the pixels and the stream.
  std::function<void(Pixels&, RandomStream&)> apply;
  /// The size of what comes out of an image of a size; absent where it stays. \throws TransformError
  std::function<ImageSize(ImageSize)> resize;
  bool random = false;  ///< left out for inference
};

/// The generated table of datasets/transforms/. \throws ArgumentError
const runtime::Table<Operation(Arguments&)>& transforms();

}  // namespace torchport::datasets
