#include "models/nn/kernels/cuda/device_table.h"

#include <cuda_runtime.h>

#include "models/nn/kernels/cuda/launches.h"

namespace torchport::models {
namespace {

struct OnDevice {
  template <class Kernel>
  static const char* start(const Kernel& kernel, int blocks, void* stream) {
    gpu::run<<<static_cast<unsigned>(blocks), gpu::kThreads, 0, static_cast<cudaStream_t>(stream)>>>(kernel);
    const cudaError_t result = cudaGetLastError();
    return result == cudaSuccess ? nullptr : cudaGetErrorString(result);
  }
};

}  // namespace

const CudaKernels& device_kernels_of_nvcc() {
  static const CudaKernels table = gpu::Launches<OnDevice>::table();
  return table;
}

}  // namespace torchport::models
