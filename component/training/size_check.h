// Checks, before the first epoch and on all ranks together, that the images of a dataset are of one size.
#pragma once
#include <string>

#include "component/training/bad_images.h"
#include "datasets/loading/loader.h"
#include "runtime/collective.h"

namespace torchport::component {

/// The common size of all images of `images`, read from their headers; every rank reads its share. Where the directory carries a
/// transformation, what comes out of it counts: all of it for training (`augmented`), else what is left for inference.
/// \throws Error InvalidDataset.sizes_differ, UserError.* (unreadable images), the same on all ranks
datasets::ImageSize common_size(const datasets::ImageDirectory& images, const std::string& what, BadImages& bad, int threads,
                                runtime::Collective& collective, bool augmented = false);

}  // namespace torchport::component
