// Everything below a folder, looked at once: its images, its folders, and an account of all else. Called by the formats of Convert
// to Image Directory, and for class folders without metadata.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/sources/account.h"

namespace torchport::datasets {

/// What becomes of symbolic links: all are followed, or those that stay inside of the input, or none.
enum class Links { follow, inside, skip };

/// By its name in the spec. \throws std::logic_error for another
Links links_of(std::string_view name);

struct WalkOptions {
  std::string what;                            ///< names the folder in errors, e.g. "training dataset"
  Links links = Links::follow;                 ///< links in a circle, or to where nothing is, never count
  std::filesystem::path input;                 ///< a link that leads out of this folder leads out; empty: the root
  std::filesystem::path own{};                 ///< a folder of the running program, which is not looked at
  std::vector<std::filesystem::path> taken{};  ///< files that somebody else takes: nothing is said of them
};

struct ImageWalk {
  std::vector<std::string> images;             ///< files with an image's extension, as sorted relative POSIX paths
  std::map<std::string, std::size_t> folders;  ///< each folder by its relative path, with the number of its entries
  std::set<std::string> outside;               ///< links that were left out because they lead out of the input
  Account account;
};

/// Below one folder at the top every folder counts once, however many links lead to it. What tools left, what is hidden, and
/// outputs in the making do not count. \throws Error InvalidDataset.bad_name; CouldNotOpenFile.file for what the machine does not
/// let it see
ImageWalk walk_images(const std::filesystem::path& root, const WalkOptions& options);

/// Whether an entry of a folder is a user's: neither a tool's, nor hidden, nor an output in the making.
bool is_users(const std::filesystem::path& entry);

}  // namespace torchport::datasets
