// The environment variables that decide where files lie. Beside the launchers' own variables (runtime/launch/) nothing else is read
// from the environment. Called where a component looks for files that the user did not name.
#pragma once
#include <filesystem>

namespace torchport::runtime {

/// torch's folder of downloaded weights, as torch.hub finds it: $TORCH_HOME/hub/checkpoints, else
/// $XDG_CACHE_HOME/torch/hub/checkpoints, else ~/.cache/torch/hub/checkpoints. It need not exist.
std::filesystem::path torch_checkpoints();

}  // namespace torchport::runtime
