// Reads model_spec.yaml. Used by ModelDirectory.
#pragma once
#include <string_view>

#include "models/directory/model_fault.h"
#include "models/directory/model_spec_file.h"

namespace torchport::models {

/// \throws Error InvalidModelDirectory.broken_spec|not_pytorch|unknown_class|unknown_model_name
ModelSpecFile read_model_spec(std::string_view yaml, const ModelFault& fault);

}  // namespace torchport::models
