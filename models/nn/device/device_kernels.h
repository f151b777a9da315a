// Which kernels this process's GPU has, and what their callers have in common. Set by component/training/choose_device.cpp and by
// tests; used by models/nn/device/ and by component/training/network_input.cpp.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/nn/kernels/cuda/table.h"

namespace torchport::models {

/// For all networks of this process from now on. Null, as at the beginning: LibTorch's own operations compute on a device.
void use_device_kernels(const CudaKernels* kernels);
const CudaKernels* device_kernels();

/// The stream that this thread's work on the device of `tensor` is given to.
void* stream_of(const at::Tensor& tensor);
/// \throws Error FailedToCompleteOperation.gpu where a kernel of the table gave a reason why it was not started
void check_started(const char* reason);

gpu::Type device_type_of(at::ScalarType type);
/// A channels-last map, whose pixels may be parts of wider ones. \pre has_device_layout (device_norm.h), but for the width
gpu::Map device_map(const at::Tensor& x);
/// Elements from one pixel of a channels-last map to the next.
std::int64_t pixel_stride(const at::Tensor& x);

}  // namespace torchport::models
