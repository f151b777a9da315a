// The row of pickles and storages that torch before 1.6 wrote, and that torchvision still publishes. Called by StateDictFile.
#pragma once
#include <string_view>

#include "models/weights/state_dict_reader.h"

namespace torchport::models {

/// Whether `bytes` begin as torch before 1.6 began its files.
bool is_legacy_file(std::string_view bytes);
/// \throws StateDictError
void read_legacy_file(StateDictReader& reader);

}  // namespace torchport::models
