// The kernels as nvcc compiled them. Called by component/cuda/plugin/plugin.cpp.
#pragma once
#include "models/nn/kernels/cuda/table.h"

namespace torchport::models {

const CudaKernels& device_kernels_of_nvcc();

}  // namespace torchport::models
