// The parts of a data set, train/ and val/ with class folders in each, given as if they were class folders: recognised and refused
// with the commands that convert each of them. Called by the format class_folders.
#pragma once
#include <string>
#include <vector>

#include "datasets/sources/image_source.h"
#include "runtime/error/error.h"

namespace torchport::datasets {

/// `images` are relative to the folder `top` of the input ("" or a path that ends with '/').
/// \throws Error InvalidDataset.parts
void refuse_parts(const std::vector<std::string>& images, const std::string& top, const SourceOptions& options);

/// Rows for an error: the commands that convert these folders of the input, each by itself; in a step of a pipeline, whose output
/// is not for others, those that train on one of them.
std::vector<runtime::Detail> commands_for(const std::vector<std::string>& folders, const SourceOptions& options);

/// Whether a folder of that name is the part of a data set: train, val2017, test_set, seg_train, TestImages ...
bool is_part_name(std::string_view name);

}  // namespace torchport::datasets
