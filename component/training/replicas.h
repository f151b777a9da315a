// Whether the weights of all ranks are still the same bits. They start the same and take the same steps, so a difference is a fault
// of memory, of a processor or of ours, and nothing trained after it may be kept. Called by the trainer after each epoch and before
// each save.
#pragma once
#include <cstdint>

#include "models/nn/classifier.h"
#include "runtime/control.h"

namespace torchport::component {

/// Compares a hash of the parameters; batch norms' statistics are each rank's own while it trains. `epoch`: 1-based, for the error.
/// \throws Error NaN.replicas, the same on all ranks, naming the rank that differs: of two the second, of more the minority
void check_replicas(const models::ClassifierModule& network, std::int64_t epoch, runtime::Control& control);

}  // namespace torchport::component
