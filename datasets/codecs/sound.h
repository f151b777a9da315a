// Whether an image file can be decoded, as far as that shows without decoding it: its structure is looked over to the end, and what
// looks odd is decoded. Called by Convert to Image Directory, for each image that it takes.
#pragma once
#include <filesystem>

#include "datasets/codecs/header.h"

namespace torchport::datasets {

/// The header of a file that looks sound. \throws ImageError where the file is at fault; std::system_error where the machine does
/// not let it be read (EIO, EACCES, too many open files …); Error FailedToCompleteOperation.no_module
ImageHeader check_image_file(const std::filesystem::path& file);

}  // namespace torchport::datasets
