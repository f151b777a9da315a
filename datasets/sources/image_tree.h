// How class folders are found among the image files of a folder, by their names, and which files are images by their content.
// Called by the formats of Convert to Image Directory and for directories without metadata.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/stored.h"
#include "datasets/sources/account.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Class folders hold images exactly one folder deep; where there are any, images elsewhere don't count.
struct ClassFolders {
  std::vector<std::string> categories;  ///< sorted; a category's place is its id. Empty: these are no class folders
  std::vector<std::string> files;       ///< sorted
  std::vector<std::string> ignored;     ///< images at other depths
};
ClassFolders sort_into_classes(std::vector<std::string> images);

/// Where class folders begin, as "" or a path that ends with '/': below folders that hold all of the sorted `images`, most of them
/// not directly. So a category is not left behind, even if it is the only one.
std::string class_root(const std::vector<std::string>& images);

/// The folder below `folder`, or itself, that does not hold just one folder. What tools left does not count.
std::filesystem::path only_folder(std::filesystem::path folder);

/// Where the images of a folder begin that has no class folders: below folders that hold nothing but one folder. A folder without
/// folders in it is not left behind.
std::filesystem::path image_root(const std::filesystem::path& folder);

/// Files that are images by their content, with the sizes in their headers, and what becomes of them in an ImageDirectory.
struct ReadableImages {
  std::vector<std::string> files;
  std::vector<ImageSize> sizes;
  std::vector<Stored> stored;
};
/// Looks at all images on `threads` threads, with a line on the terminal of `log`; those whose content cannot be used are left out,
/// and counted in `account`. \throws Error CouldNotOpenFile.input_file for a reason that does not lie in the file's content
ReadableImages keep_readable(const std::filesystem::path& root, const std::vector<std::string>& images, int threads,
                             Account& account, runtime::Log* log);

/// The category of a file of class folders: the name of its folder.
std::string_view class_of(std::string_view file);

}  // namespace torchport::datasets
