// Gradient checkpointing (Chen et al., arXiv 1604.06174): part of a network forgets its activations and computes them again in the
// backward pass. Called by architectures whose spec has a parameter for it, e.g. DenseNet's memory_efficient.
#pragma once
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace torchport::models {

/// Returns function(inputs), keeping nothing of it but `inputs`. The backward pass calls `function` again, as
/// torch.utils.checkpoint does, so batch-norm layers inside see each batch twice. `function` must give the same result both times
/// and own the modules that it uses. `parameters` are those that it uses beside its inputs; each gets its gradient accumulated once
/// a backward pass, though a hook on the tensor itself also sees the gradient inside the second run.
at::Tensor checkpoint(std::function<at::Tensor(const std::vector<at::Tensor>&)> function, const std::vector<at::Tensor>& inputs,
                      const std::vector<at::Tensor>& parameters);

}  // namespace torchport::models
