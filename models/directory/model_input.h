// `_input.json` of a model directory (docs/contract.md, "The input of a model"). Read and written for ModelDirectory.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "models/directory/model_directory.h"
#include "models/directory/model_fault.h"

namespace torchport::models {

inline constexpr std::string_view kInputFile = "_input.json";

std::string model_input_json(const ModelInput& input);

/// What the directory says, or nothing where it has no such file. \throws Error InvalidModelDirectory.broken_input
std::optional<ModelInput> read_model_input(const ModelFault& fault);

}  // namespace torchport::models
