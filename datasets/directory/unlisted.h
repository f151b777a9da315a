// Files in an ImageDirectory that no line of its index names. Asked by check-data, and for directories that come in an archive.
#pragma once
#include <string>
#include <vector>

#include "datasets/directory/image_directory.h"

namespace torchport::datasets {

/// Sorted relative paths. What belongs to the directory does not count: _meta.yaml, the files that it names, and side files at the
/// top, which begin with "_". Nothing for class folders without metadata. \throws Error CouldNotOpenFile.file
std::vector<std::string> unlisted_files(const ImageDirectory& images);

}  // namespace torchport::datasets
