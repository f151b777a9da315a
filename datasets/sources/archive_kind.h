// What kind of archive a file is, by its first bytes, and the command that unpacks it. Called by open_source, and by whoever tells
// a user to unpack something.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::datasets {

enum class ArchiveKind {
  none,    ///< no archive, as far as its beginning tells
  taken,   ///< ZIP or tar, perhaps compressed with gzip or bzip2; what these compressed may be something else
  unread,  ///< one that is not unpacked here: 7z, RAR, xz, zstd
};

/// \throws std::runtime_error where the file cannot be read
ArchiveKind archive_kind(const std::filesystem::path& file);

/// Where an archive would be unpacked to, and a shell command that does it.
struct Unpacking {
  std::filesystem::path folder;
  std::string command;
};
Unpacking unpacking(const std::filesystem::path& archive);

/// Rows for an error about an input that has archives at its top in place of images: a command for each that unpacks it. `outer` is
/// the archive that the folder was unpacked from, or "".
std::vector<runtime::Detail> unpacking_of_all(const std::filesystem::path& folder, const std::filesystem::path& outer);

}  // namespace torchport::datasets
