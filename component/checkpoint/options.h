// What a user says about checkpoints, as the component's parameters have it. Filled in by component/train_pytorch_model.cpp; read
// by Checkpoints and where it is decided on the beginning of a training.
#pragma once
#include <string>

namespace torchport::component {

struct CheckpointOptions {
  bool on;              ///< whether any are written
  double minutes;       ///< within an epoch; 0: only after each
  std::string resume;   ///< auto, never, or a folder
  bool allow_inexact;   ///< go on although something is another
  std::string stop_at;  ///< "<epoch>.<step>", or ""
};

}  // namespace torchport::component
