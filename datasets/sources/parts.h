// The parts of a data set, train/ and val/ with class folders in each, given as if they were class folders: recognised and refused
// with the commands that convert each of them. Called by the format class_folders.
#pragma once
#include <string>
#include <vector>

#include "datasets/sources/image_source.h"

namespace torchport::datasets {

/// `images` are relative to the folder `top` of the input ("" or a path that ends with '/').
/// \throws Error InvalidDataset.parts
void refuse_parts(const std::vector<std::string>& images, const std::string& top, const SourceOptions& options);

/// Whether a folder of that name is the part of a data set: train, val, valid, validation, test ..., also with a year behind it.
bool is_part_name(std::string_view name);

}  // namespace torchport::datasets
