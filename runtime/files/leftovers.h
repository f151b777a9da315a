// What killed processes left where they worked, told from what living ones are at, and cleared away. Called by whoever writes to
// the same place next, and by pipelines for their runs that were killed.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace torchport::runtime {

inline constexpr std::string_view kTemporary = ".tmp";  ///< ends the name of a file that is to replace another: .NAME.01234567.tmp

/// What such a file is to replace; any other path as it is.
std::filesystem::path target_of(const std::filesystem::path& path);

/// Removes such files for `name` in `folder`, or for any name where it is empty, unless their writer lives: it holds a lock on
/// them. Where the file system knows no locks nothing is removed.
void remove_temporaries(const std::filesystem::path& folder, const std::string& name);

/// The same for every name, and for the outputs in `folder` that were reserved and never finished.
void clear_leftovers(const std::filesystem::path& folder);

}  // namespace torchport::runtime
