// torchvision's published ImageNet weights, as torch.hub keeps them on disk. Torch-free: `torchport validate` asks whether they are
// there, and the model components read them.
#pragma once
#include <filesystem>

#include "models/state_dict_file.h"
#include "runtime/spec.h"

namespace torchport::models {

/// The file of the variant's `weights:` in torch's cache. \throws Error FailedToDownloadFiles.weights where it is missing
std::filesystem::path find_pretrained(const runtime::Variant& variant);

/// \throws Error FailedToDownloadFiles.weights, FailedToDownloadFiles.broken
StateDictFile open_pretrained(const runtime::Variant& variant);

}  // namespace torchport::models
