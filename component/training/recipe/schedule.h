// The learning rate of each epoch: linear warm-up, then a decay: polynomial of power 2 as the original's (docs/contract.md,
// "Learning rate"), or a cosine.
#pragma once
#include <cstdint>

namespace torchport::component {

/// How the rate falls after the warm-up. cosine: half a wave down to 0, as torch.optim.lr_scheduler.CosineAnnealingLR stepped after
/// each epoch, whose T_max are the epochs after the warm-up and whose eta_min is 0.
enum class Decay { polynomial, cosine };

struct Schedule {
  double peak;  ///< learning rate x world size
  std::int64_t epochs, warmup_epochs;
  Decay decay;
};

/// The learning rate used throughout `epoch` (0-based). A warm-up as long as the training or longer is a ramp without decay.
double learning_rate(const Schedule& schedule, std::int64_t epoch);

}  // namespace torchport::component
