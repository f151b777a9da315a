// Warns of categories from which a training can learn nothing. Called by Train PyTorch Model when it opens a dataset.
#pragma once
#include "datasets/directory/image_directory.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// Warns where there is one category alone, and of categories without a single image, by name: both are legal, and seldom meant.
void warn_of_categories(const datasets::ImageDirectory& images, runtime::Log& log);

}  // namespace torchport::component
