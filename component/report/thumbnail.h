// A small copy of an image, for a page that needs nothing beside itself. Called by the report of a run.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::component {

inline constexpr int kThumbnailSide = 96;  ///< pixels of the longer side

/// A JPEG of at most kThumbnailSide pixels as a data: address. \throws std::runtime_error where the file cannot be read or decoded
std::string thumbnail(const std::filesystem::path& image);

}  // namespace torchport::component
