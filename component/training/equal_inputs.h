// Whether all ranks train on the same data and start from the same model: compared before the first image is decoded, and named
// with rank and host where not. Called by Train PyTorch Model.
#pragma once
#include "datasets/directory/image_directory.h"
#include "models/directory/model_directory.h"
#include "runtime/control.h"

namespace torchport::component {

/// Compares categories, transformation, and the name and label of each image; of a few thousand images, spread over the dataset,
/// the size of the file as well, and of some dozens of these the bytes. \throws Error InvalidDataset.unequal, the same on all ranks
void check_equal(const datasets::ImageDirectory& images, runtime::Control& control);

/// Compares what the model is and what its weights are.
/// \throws Error InvalidModelDirectory.unequal, the same on all ranks
void check_equal(const models::ModelDirectory& directory, runtime::Control& control);

}  // namespace torchport::component
