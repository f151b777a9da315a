// TransformationDirectory (docs/contract.md): an image transformation as a typed directory. Torch-free: used by Init and Apply
// Image Transformation and by the checks.
#pragma once
#include <filesystem>
#include <string_view>

#include "datasets/transforms/transformation.h"
#include "runtime/files/files.h"

namespace torchport::datasets {

/// `what` names the directory in errors. \throws Error InvalidTransformationDirectory.*
Transformation open_transformation(const std::filesystem::path& root, std::string_view what);

/// Writes and publishes the directory with the original's bytes.
void write_transformation(runtime::OutputDirectory& output, const Transformation& transformation);

}  // namespace torchport::datasets
