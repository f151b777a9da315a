// How a kernel is run. It is a struct of one or two phases, each called by every thread of a block; between them all threads of the
// block meet, and what they tell each other lies in its Shared. nvcc makes of it a kernel for the device, the host's compiler a
// loop.
#pragma once
#include <cstring>
#include <memory>

#include "models/nn/kernels/cuda/vectors.h"

namespace torchport::models::gpu {

/// Of each block, in all kernels.
constexpr int kThreads = 256;
/// As many blocks have room on a multiprocessor: fewer have not enough reads under way to use all of the memory's bandwidth.
constexpr int kBlocksAtOnce = 3;

struct Thread {
  int block, index;
};

/// Of a kernel whose threads have nothing to tell each other.
struct NothingShared {
  char unused;
};

#ifdef __CUDACC__
template <class Kernel>
__global__ void __launch_bounds__(kThreads, kBlocksAtOnce) run(const Kernel kernel) {
  __shared__ typename Kernel::Shared shared;
  const Thread at{static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x)};
  kernel.first(at, shared);
  if constexpr (Kernel::kPhases == 2) {
    __syncthreads();
    kernel.second(at, shared);
  }
}
#endif

/// The same on the host. Threads take turns backwards in the first phase, so that one that relies on an earlier one is seen, and
/// what none of them wrote is NaN.
template <class Kernel>
void run_on_host(const Kernel& kernel, int blocks) {
  const auto shared = std::make_unique<typename Kernel::Shared>();
  for (int block = 0; block < blocks; ++block) {
    std::memset(static_cast<void*>(shared.get()), 0xff, sizeof *shared);
    for (int index = kThreads; index-- > 0;) kernel.first({block, index}, *shared);
    if constexpr (Kernel::kPhases == 2) {
      for (int index = 0; index < kThreads; ++index) kernel.second({block, index}, *shared);
    }
  }
}

}  // namespace torchport::models::gpu
