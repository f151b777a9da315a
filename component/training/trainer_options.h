// The parameters of Train PyTorch Model as the trainer's plain values. Called by the component.
#pragma once
#include "component/training/options.h"
#include "runtime/request/context.h"

namespace torchport::component {

/// `precision`: what the parameter of that name means on this machine.
TrainerOptions trainer_options(const runtime::Context& ctx, Precision precision);

}  // namespace torchport::component
