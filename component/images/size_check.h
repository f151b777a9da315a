// Checks, before anything is computed and on all ranks together, that the images of a dataset are of one size.
// Called by Train PyTorch Model and Score Image Model.
#pragma once
#include <string>

#include "component/images/bad_images.h"
#include "datasets/loading/loader.h"
#include "models/directory/model_directory.h"
#include "runtime/control.h"

namespace torchport::component {

/// The common size of all images of `images`, as datasets::scan_sizes finds it; every rank looks at its share, with all its
/// threads. Where the directory carries a transformation, what comes out of it counts: all of it for training (`augmented`), else
/// what is left for inference. \throws Error InvalidDataset.sizes_differ, UserError.* (unreadable images), the same on all ranks
datasets::ImageSize common_size(const datasets::ImageDirectory& images, BadImages& bad, runtime::Control& control,
                                bool augmented = false);

/// \throws Error InvalidDataset.too_small where `size` is below what the network of `model` can take
void check_minimum_size(const datasets::ImageDirectory& images, datasets::ImageSize size, const models::ModelSpec& model);

/// "224 x 224": width, then height.
std::string size_text(datasets::ImageSize size);

}  // namespace torchport::component
