// What the spec's parameter `device` means on this machine. Called by Train and Score before anything else touches LibTorch's
// devices.
#pragma once
#include <string>

#include "component/training/device.h"
#include "runtime/control.h"
#include "runtime/report/log.h"
#include "runtime/request/context.h"

namespace torchport::component {

/// What `choice` of the spec's means here: the CPU, or a GPU that is ready for use: nothing is tried anew on the CPU where that is
/// asked for and cannot be had. Says in the log which it is. \throws Error, the same on all ranks,
/// FailedToCompleteOperation.gpu_module and those after it
Device choose_device(const runtime::Context& ctx, const std::string& choice);
/// The GPU of this process, ready for use, as choose_device() has it for "cuda". Called by it and by what measures GPUs.
Device choose_gpu(runtime::Control& control, runtime::Log& log);

}  // namespace torchport::component
