// The environment variables that decide where files lie. Beside the launchers' own variables (runtime/launch/) nothing else is read
// from the environment. Called where a component looks for files that the user did not name.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::component {

/// torch's folder of downloaded weights, as torch.hub finds it: $TORCH_HOME/hub/checkpoints, else
/// $XDG_CACHE_HOME/torch/hub/checkpoints, else ~/.cache/torch/hub/checkpoints. It need not exist.
std::filesystem::path torch_checkpoints();

/// $TORCHPORT_WEIGHTS: a folder of weights that is looked into before torch's; empty where it is not set.
std::filesystem::path weights_folder();

/// $TORCHPORT_WEIGHTS_URL: a mirror of the published weights, with a slash at its end; else `published`.
std::string weights_url(const std::string& published);

}  // namespace torchport::component
