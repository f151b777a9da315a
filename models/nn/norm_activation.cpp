#include "models/nn/norm_activation.h"

namespace torchport::models {

at::Tensor norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  // Batch norm's backward needs its input, not its output: what follows may overwrite that.
  at::Tensor y = norm->forward(x);
  if (shortcut.defined()) y.add_(shortcut);
  return y.relu_();
}

}  // namespace torchport::models
