// A file of the safetensors format (version 0.x): a 64-bit length N, a JSON header of N bytes, and the tensors' bytes without gap
// or overlap. Called by StateDictFile.
#pragma once
#include "models/weights/state_dict_reader.h"

namespace torchport::models {

/// \throws StateDictError
void read_safetensors_file(StateDictReader& reader);

}  // namespace torchport::models
