// What a model was trained on, from Train PyTorch Model, which notes it, to Score Image Model and `torchport predict`, which give
// photos the same treatment (docs/contract.md, "The input of a model").
#pragma once
#include "component/images/bad_images.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/normalised.h"
#include "models/directory/model_directory.h"
#include "runtime/control.h"

namespace torchport::component {

/// The note for a model: the size of its images, and what photos go through before, as the validation dataset says, else the
/// training dataset.
models::ModelInput trained_input(const datasets::ImageDirectory& train, const datasets::ImageDirectory& valid,
                                 datasets::ImageSize size, runtime::Log& log);

/// By what images are normalised for a network: by nothing but the 255 where its directory has no normaliser, as in the original.
datasets::Normalisation normalisation_of(const models::ModelSpec& spec);

/// What photos go through before the network, as the model notes it, without what is random; nothing where it notes none.
/// \throws Error InvalidModelDirectory.broken_input
std::optional<datasets::Transformation> inference_transformation(const models::ModelDirectory& model);

/// Lets `images` go through what those of the training went through, unless they did already, and says so.
/// \throws Error InvalidModelDirectory.broken_input
void treat_as_trained(datasets::ImageDirectory& images, const models::ModelDirectory& model, runtime::Log& log);

/// Their common size, which must be that of the training. \throws Error InvalidDataset.other_size, and what common_size throws
datasets::ImageSize size_as_trained(const datasets::ImageDirectory& images, const models::ModelDirectory& model, BadImages& bad,
                                    runtime::Control& control);

}  // namespace torchport::component
