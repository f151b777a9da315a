// The image files below a folder, by their names: what class folders, flat folders and directories without metadata are read from.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/codecs/decode.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Files with an image's extension below `root`, as sorted relative POSIX paths; folders that are symbolic links are not entered.
/// \throws Error InvalidDataset.bad_name, CouldNotOpenFile.file
std::vector<std::string> find_images(const std::filesystem::path& root, std::string_view what);

/// Class folders hold images exactly one folder deep; where there are any, images elsewhere don't count.
struct ClassFolders {
  std::vector<std::string> categories;  ///< sorted; a category's place is its id. Empty: these are no class folders
  std::vector<std::string> files;       ///< sorted
  std::vector<std::string> ignored;     ///< images at other depths
};
ClassFolders sort_into_classes(std::vector<std::string> images);

/// What the Finder adds to archives.
inline constexpr std::string_view kMacLeftovers = "__MACOSX";

/// The folder below `folder`, or itself, that does not hold just one folder.
std::filesystem::path only_folder(std::filesystem::path folder);

/// Where the images of an unpacked archive begin: below folders that hold nothing but one folder. A folder whose only content is
/// one class folder is not left behind.
std::filesystem::path image_root(const std::filesystem::path& folder);

/// Files that are images by their content, with the sizes in their headers.
struct ReadableImages {
  std::vector<std::string> files;
  std::vector<ImageSize> sizes;
};
/// Reads the headers on `threads` threads, leaves out the files that are not images, and says so in `log`.
ReadableImages keep_readable(const std::filesystem::path& root, const std::vector<std::string>& images, int threads,
                             runtime::Log* log);

/// The category of a file of class folders: the name of its folder.
std::string_view class_of(std::string_view file);

}  // namespace torchport::datasets
