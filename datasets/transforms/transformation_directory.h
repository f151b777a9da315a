// TransformationDirectory (docs/contract.md): an image transformation as a typed directory. Torch-free: used by Init and Apply
// Image Transformation and by the checks.
#pragma once
#include <filesystem>
#include <string_view>

#include "datasets/transforms/transformation.h"
#include "runtime/files/output_directory.h"

namespace torchport::datasets {

/// An opened TransformationDirectory.
struct TransformationDirectory {
  Transformation transformation;

  /// `what` names the directory in errors. \throws Error InvalidTransformationDirectory.*
  static TransformationDirectory open(const std::filesystem::path& root, std::string_view what);
};

/// Writes and publishes the directory with the original's bytes.
void write_transformation(runtime::OutputDirectory& output, const Transformation& transformation);

}  // namespace torchport::datasets
