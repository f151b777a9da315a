// One pass of a network over a dataset without learning: what validation does after each epoch.
#pragma once
#include "component/images/bad_images.h"
#include "component/training/metrics.h"
#include "component/training/options.h"
#include "datasets/loading/loader.h"
#include "models/nn/classifier.h"
#include "runtime/collective.h"

namespace torchport::component {

/// The images of a batch as the network takes them: normalised, in the layout and the precision of the training.
at::Tensor network_input(const datasets::Batch& batch, const datasets::Normalisation& normalisation, const TrainerOptions& options);

/// Loss, top-1 and top-5 over all images, each counted once: every rank takes an even share. Evaluates with rank 0's batch-norm
/// statistics, in batches and in the precision of the training. \throws Error UserError.* (unreadable images), the same on all
/// ranks
Totals evaluate(models::ClassifierModule& network, datasets::Loader& loader, std::size_t rows,
                const datasets::Normalisation& normalisation, const TrainerOptions& options, BadImages& bad,
                runtime::Collective& collective);

}  // namespace torchport::component
