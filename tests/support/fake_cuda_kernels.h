// The GPU's kernels on the stand-in: their host form, with just the memory opened that a kernel says it uses, in the order of its
// stream. Used by the tests of what runs on a device.
#pragma once
#include "models/nn/kernels/cuda/table.h"

namespace torchport::test::fake_cuda {

const models::CudaKernels& kernels();

}  // namespace torchport::test::fake_cuda
