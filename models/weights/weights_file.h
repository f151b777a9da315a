// A file of weights that the user names: a state dict of a network like one of ours, in any of the forms that are handed around.
// Torch-free: `torchport validate` opens it as the model components do.
#pragma once
#include <filesystem>

#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// \throws Error CouldNotOpenFile.file, InvalidModelDirectory.weights_file
StateDictFile open_weights_file(const std::filesystem::path& path);

}  // namespace torchport::models
