// The GPU of this machine as the product's programs get at it, for proofs and figures: the module beside the program, real or
// stand-in.
#pragma once
#include "component/training/choose_device.h"
#include "runtime/control.h"
#include "runtime/report/log.h"

namespace torchport::test {

/// Chosen with the first call, which must come before anything asks LibTorch for CUDA; described on standard output. \throws Error
/// as choose_gpu() does
inline const component::Device& gpu() {
  static const component::Device device = [] {
    runtime::WorldOfOne alone;
    runtime::Log log({.file = {}, .console = true, .progress_bar = false});
    return component::choose_gpu(alone, log);
  }();
  return device;
}

}  // namespace torchport::test
