// NCCL of the module's table. Called by component/cuda/plugin/plugin.cpp.
#pragma once
#include "component/cuda/plugin.h"

namespace torchport::cuda {

Nccl nccl();

}  // namespace torchport::cuda
