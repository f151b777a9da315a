// The module torchport-cuda.so as the worker loads it, when a GPU is asked for and never before: libraries of 3 GB come with it.
// Called by component/training/choose_device.cpp and, after a fault, by component/worker/faults.cpp.
#pragma once
#include "component/cuda/plugin.h"

namespace torchport::cuda {

/// Loads the module with the first call, which must come before anything asks LibTorch for CUDA.
/// \throws Error FailedToCompleteOperation.gpu_module, gpu_libraries, gpu_libtorch, module_version
const Plugin& plugin();
/// Null where it has not been loaded.
const Plugin* loaded();

}  // namespace torchport::cuda
