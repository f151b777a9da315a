// Files of the safetensors format (version 0.x): a length, a JSON header, and the tensors' bytes without gap or overlap.
// Read by StateDictFile; written for checkpoints (component/checkpoint/) and for others' tools (component/exports/).
#pragma once
#include <map>

#include "models/weights/state_dict_reader.h"

namespace torchport::models {

/// \throws StateDictError
void read_safetensors_file(StateDictReader& reader);

/// The begin of such a file: the elements of `tensors`, row-major and little-endian, are to follow in their order. `metadata` are
/// texts by name, in UTF-8.
std::string safetensors_head(const std::vector<TensorEntry>& tensors, const std::map<std::string, std::string>& metadata = {});

}  // namespace torchport::models
