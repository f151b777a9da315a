// A file of weights that the user names: a state dict of a network like one of ours, in any of the forms that are handed around.
// Torch-free: `torchport validate` opens it as the model components do.
#pragma once
#include <filesystem>

#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Whether a file begins as those do, whatever it is called: a zip archive, a pickle of torch before 1.6, or safetensors.
/// \throws Error CouldNotOpenFile.file
bool begins_as_weights(const std::filesystem::path& path);

/// \throws Error CouldNotOpenFile.file, InvalidModelDirectory.weights_file
StateDictFile open_weights_file(const std::filesystem::path& path);

}  // namespace torchport::models
