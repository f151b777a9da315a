// The images of a label file as a source. Called by the formats of label files.
#pragma once
#include <filesystem>
#include <vector>

#include "datasets/sources/image_source.h"
#include "datasets/sources/label_rows.h"

namespace torchport::datasets {

/// Each image once, with its category, the categories sorted by name; rows without a label are left out and counted. `root` is the
/// folder of the images. \throws Error InvalidDataset.label_file where an image has two labels, .label_images
ImageSource label_source(const std::vector<LabelRow>& rows, const std::filesystem::path& file, const std::filesystem::path& root,
                         const SourceOptions& options);

/// The files in a folder that `fits`, by name.
std::vector<std::filesystem::path> label_files(const std::filesystem::path& folder, bool (*fits)(const std::filesystem::path&),
                                               const std::vector<std::string>& extensions);

/// The first of several, which are named.
std::filesystem::path only_first(const std::vector<std::filesystem::path>& files, runtime::Log* log);

}  // namespace torchport::datasets
