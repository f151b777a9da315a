// A model_spec.yaml of a model directory (docs/contract.md, "ModelDirectory"). Read and written for ModelDirectory.
#pragma once
#include <string>

#include "models/directory/model_directory.h"

namespace torchport::models {

/// What a model_spec.yaml says of the model, and which files of the directory it names.
struct ModelSpecFile {
  ModelSpec model;  ///< without labels
  std::string weights_file;
  std::string label_file;  ///< "" where there is none
};

}  // namespace torchport::models
