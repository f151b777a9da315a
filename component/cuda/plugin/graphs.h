// CUDA graphs of the module's table. Called by component/cuda/plugin/plugin.cpp.
#pragma once
#include "component/cuda/plugin.h"

namespace torchport::cuda {

Graphs graphs();

}  // namespace torchport::cuda
