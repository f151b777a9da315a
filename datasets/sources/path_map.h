// From the addresses of images in label files to files of this machine: by --path-map, or by the end of each address below the
// input. Used by the formats of label files.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::datasets {

/// PREFIX=FOLDER: what begins with the text PREFIX lies in FOLDER.
struct MappedPrefix {
  std::string prefix;
  std::filesystem::path folder;
};

/// Splits lines of "PREFIX=FOLDER" at the last equal sign. \throws Error ParameterParsing.path_map
std::vector<MappedPrefix> read_path_map(std::string_view text);

/// The file that the longest fitting prefix gives, with %20 and the like decoded; nothing where none fits, or it would leave its
/// folder.
std::optional<std::filesystem::path> mapped(const std::vector<MappedPrefix>& map, const std::string& address);

/// The files of all addresses, in their order. Those that no prefix fits are looked for below `root` by the longest end of their
/// paths that is there for all of them; `how` says by which. A relative path is looked for in `folder` first, that of the label
/// file. \throws Error InvalidDataset.label_images where some are not there
std::vector<std::filesystem::path> find_images(const std::vector<std::string>& addresses, const std::vector<MappedPrefix>& map,
                                               const std::filesystem::path& root, const std::filesystem::path& folder,
                                               std::string& how);

}  // namespace torchport::datasets
