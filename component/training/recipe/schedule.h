// The learning rate of each epoch: linear warm-up, then polynomial decay of power 2 (docs/contract.md, "Learning rate").
#pragma once
#include <cstdint>

namespace torchport::component {

struct Schedule {
  double peak;  ///< learning rate x world size
  std::int64_t epochs, warmup_epochs;
};

/// The learning rate used throughout `epoch` (0-based). A warm-up as long as the training or longer is a ramp without decay.
double learning_rate(const Schedule& schedule, std::int64_t epoch);

}  // namespace torchport::component
