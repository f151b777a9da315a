// torchvision's published weights as a file of this machine: found, or downloaded into torch's cache. Called by the model
// components.
#pragma once
#include <filesystem>

#include "models/directory/model_directory.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// The file of the variant's `weights:`, looked for in the folder of TORCHPORT_WEIGHTS, then in torch's cache, else downloaded into
/// that (from TORCHPORT_WEIGHTS_URL where it is set), in at most three tries. Its SHA-256 begins as its name says.
/// `stall_seconds`: how long a download may stand still. \throws Error FailedToDownloadFiles.*, FailedToWriteOutputs.file
std::filesystem::path fetch_weights(const models::ModelSpec& spec, int stall_seconds, runtime::Log& log);

}  // namespace torchport::component
