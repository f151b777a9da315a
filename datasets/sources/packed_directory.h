// An ImageDirectory that lay in an archive, as a source of images that stay as they are. Called by open_source.
#pragma once
#include <filesystem>

#include "datasets/sources/image_source.h"

namespace torchport::datasets {

/// Opens and checks the ImageDirectory `root`: index and schema, and that each image is there. Unreadable images are left out.
/// \throws Error InvalidDataset.* as ImageDirectory::open, and what keep_readable throws
ImageSource packed_directory(const std::filesystem::path& root, int threads);

}  // namespace torchport::datasets
