// Makes the tensors of all ranks those of rank 0. Used by the trainer at its start, and by each validation.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "runtime/control.h"

namespace torchport::component {

/// Large tensors, where they lie. \pre they lie on the host, without gaps
void broadcast_in_place(const std::vector<at::Tensor>& tensors, runtime::Control& control);
/// Many small ones, on any device, by one copy and one broadcast for each of their types.
void broadcast_together(const std::vector<at::Tensor>& tensors, runtime::Control& control);

}  // namespace torchport::component
