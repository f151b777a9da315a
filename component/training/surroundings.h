// Where a training runs and what it tells. Made by component/train_pytorch_model.cpp; used by the trainer and its parts.
#pragma once
#include "component/collectives/reducer.h"
#include "component/training/device.h"
#include "runtime/control.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"
#include "runtime/report/position.h"

namespace torchport::component {

/// All of it outlives whoever is given it.
struct Surroundings {
  const Device& device;
  runtime::Control& control;
  Reducer& reducer;
  runtime::Log& log;
  runtime::Events& events;
  runtime::Position& position;
};

}  // namespace torchport::component
