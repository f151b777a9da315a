// How a file comes to a second place at the least cost. Used by OutputDirectory, and told to the user by the components that copy.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace torchport::runtime {

/// What a file and its copy may have in common.
enum class Sharing {
  blocks,  ///< blocks of the disk until one of the two is changed (reflink)
  inode,   ///< everything (hard link): one file under two names, so a change of the one changes the other. Only where nothing
           ///< writes to either again
};

/// What was done.
enum class CopiedBy { link, clone, bytes };

/// How many files were copied in which way.
struct CopyCounts {
  std::size_t linked = 0, cloned = 0, copied = 0;
  void add(CopiedBy how) { ++(how == CopiedBy::link ? linked : how == CopiedBy::clone ? cloned : copied); }
  /// "Linked 20", "Linked 20 and copied 4".
  std::string text() const;
};

/// Makes the absent file `to` of the regular file `from`. \throws Error FailedToWriteOutputs, std::runtime_error where `from`
/// cannot be read
CopiedBy copy_file(const std::filesystem::path& from, const std::filesystem::path& to, Sharing sharing);

}  // namespace torchport::runtime
