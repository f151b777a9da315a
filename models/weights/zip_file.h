// The zip archive that torch 1.6 and later write. Called by StateDictFile.
#pragma once
#include "models/weights/state_dict_reader.h"

namespace torchport::models {

/// \throws StateDictError
void read_zip_file(StateDictReader& reader, Content content);

}  // namespace torchport::models
