// model_spec.yaml of a model directory (docs/contract.md, "ModelDirectory"), read and written. Used by ModelDirectory.
#pragma once
#include <string>
#include <string_view>

#include "models/directory/model_directory.h"
#include "models/directory/model_fault.h"

namespace torchport::models {

/// A model_spec.yaml: what it says of the model, and which files of the directory it names.
struct ModelSpecFile {
  ModelSpec model;  ///< without labels
  std::string weights_file;
  std::string label_file;  ///< "" where there is none
};

/// \throws Error InvalidModelDirectory.broken_spec|not_pytorch|unknown_class|unknown_model_name
ModelSpecFile read_model_spec(std::string_view yaml, const ModelFault& fault);

/// The text of a model_spec.yaml, in the form in which the original writes it.
/// `label_file` is "" for an untrained model, which has no `num_classes` either.
std::string model_spec_yaml(const ModelSpecFile& file, std::chrono::system_clock::time_point created);

}  // namespace torchport::models
