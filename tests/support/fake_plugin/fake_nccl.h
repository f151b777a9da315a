// NCCL's functions over MPI, on the stand-in's memory. Called by fake_plugin.cpp.
#pragma once
#include "component/cuda/plugin.h"

namespace torchport::test::fake_plugin {

/// Settings: interface=NAME: there is none of this name; init=hangs, fails, or never comes back; all_reduce=fails:N, stands:N (the
/// device does no more from then on) or never:N (the call does not return); abort=hangs.
cuda::Nccl nccl();

}  // namespace torchport::test::fake_plugin
