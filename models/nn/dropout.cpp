#include "models/nn/dropout.h"

#include <torch/torch.h>

#include "models/nn/random_key.h"

namespace torchport::models {

at::Tensor DropoutImpl::forward(const at::Tensor& x) {
  if (!is_training() || probability_ == 0) return x;
  const at::Tensor kept = keyed_uniform(x.sizes(), place_, x.device()).ge_(probability_).to(x.scalar_type());
  return x * (probability_ < 1 ? kept.div_(1 - probability_) : kept);
}

}  // namespace torchport::models
