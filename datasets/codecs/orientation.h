// How a camera was held, as a file's EXIF data tell. Called by `torchport check-data`, which counts the images that other programs
// would turn: torchport's pixels are those of the file, as the original's are.
#pragma once
#include <string_view>

namespace torchport::datasets {

/// EXIF's orientation of a JPEG, PNG or WebP file: 1 as stored, 2 to 8 mirrored or turned. 0 where the file does not say, and for
/// formats whose pixels are turned when they are decoded (TIFF, HEIC).
int exif_orientation(std::string_view bytes);

}  // namespace torchport::datasets
