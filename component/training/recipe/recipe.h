// What may be added to the contract's optimizer and schedule for a better result in the same time. Read by the trainer; the values
// and their ranges are options of spec/components/train_pytorch_model.yaml.
#pragma once
#include <cstdint>

namespace torchport::component {

/// With the spec's defaults a training is the contract's, bit by bit.
struct Recipe {
  double label_smoothing;           ///< [0, 1); 0: none
  bool norm_weight_decay;           ///< whether norms and biases decay as all other parameters do
  std::int64_t accumulation_steps;  ///< batches from one change of the weights to the next
  double ema_decay;                 ///< [0, 1); 0: no average of the weights
  double progressive_resize;        ///< (0, 1], share of the images' edges in the first epoch; 1: full size throughout
  double mixup_alpha;               ///< 0: no mixup
};

}  // namespace torchport::component
