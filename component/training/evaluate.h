// One pass of a network over a dataset without learning: what validation does after each epoch.
// Called by the trainer, on all ranks together.
#pragma once
#include <optional>

#include "component/images/bad_images.h"
#include "component/training/boundary.h"
#include "component/training/device.h"
#include "component/training/metrics.h"
#include "component/training/network_input.h"
#include "component/training/precision.h"
#include "models/nn/classifier.h"
#include "runtime/control.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// What all passes of a training have in common.
struct Evaluation {
  std::size_t rows, batch_size;  ///< of the dataset, of a rank's batches
  const NetworkInput& input;
  Precision precision;
  const Device& device;
  runtime::Log& log;
};

/// What a pass found, and what ranks wished for meanwhile.
struct Evaluated {
  std::optional<Totals> totals;  ///< none where a wish to stop came before a rank was done
  Wishes wishes;                 ///< of any rank
};

/// Loss, top-1 and top-5 over all images, each counted once: every rank takes an even share. Evaluates with rank 0's batch-norm
/// statistics, which every rank's network then holds. The host waits for a device once. \throws Error UserError.* (unreadable
/// images), the same on all ranks
Evaluated evaluate(models::ClassifierModule& network, StagedLoader& loader, const Evaluation& how, BadImages& bad,
                   Boundary& boundary, runtime::Control& control);

}  // namespace torchport::component
