// Writes model_spec.yaml. Used by write_model_directory.
#pragma once
#include <chrono>
#include <string>

#include "models/directory/model_spec_file.h"

namespace torchport::models {

/// The text of a model_spec.yaml, in the form in which the original writes it.
/// `label_file` is "" for an untrained model, which has no `num_classes` either.
std::string model_spec_yaml(const ModelSpecFile& file, std::chrono::system_clock::time_point created);

}  // namespace torchport::models
