// The GPU's kernels in their host form, over memory of the host. Used by tests/models/device_kernels_test.cpp; where a stand-in for
// the device has the memory it is tests/support/fake_cuda_kernels.h.
#pragma once
#include "models/nn/kernels/cuda/launches.h"

namespace torchport::test {

struct OnHost {
  template <class Kernel>
  static const char* start(const Kernel& kernel, int blocks, void*) {
    models::gpu::run_on_host(kernel, blocks);
    return nullptr;
  }
};

inline models::CudaKernels host_kernels() { return models::gpu::Launches<OnHost>::table(); }

}  // namespace torchport::test
