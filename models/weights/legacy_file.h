// The row of pickles and storages that torch before 1.6 wrote, and that torchvision still publishes: a magic number, a version,
// facts of the machine, the object and the keys of its storages, and then each storage as a 64-bit count and its elements. Called
// by StateDictFile.
#pragma once
#include <string_view>

#include "models/weights/state_dict_reader.h"

namespace torchport::models {

/// Whether `bytes` begin as torch before 1.6 began its files.
bool is_legacy_file(std::string_view bytes);

/// \throws StateDictError
void read_legacy_file(StateDictReader& reader, Wrapped wrapped);

}  // namespace torchport::models
