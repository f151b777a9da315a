// Bounds the norm of an update's gradient. Called by TrainingStep when the gradients of all ranks and batches are summed.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace torchport::component {

/// Scales the gradients of `parameters` by one factor, so that their common 2-norm is at most `max_norm`: torch.nn.utils.
/// clip_grad_norm_, where the gradients are, without a wait of the host. Returns 1 where that changed them, else 0: float32,
/// 0-dimensional. Each parameter has a gradient.
at::Tensor clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm);

}  // namespace torchport::component
