// Whether a file is still the one that was looked at, as far as that shows from outside. Used where what was read of a file is
// noted down for later.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace torchport::runtime {

/// Length and time of the last change of a regular file. A change within the tick of the file system's clock does not show if the
/// length stays.
struct Stamp {
  std::int64_t bytes = 0, nanoseconds = 0;
  bool operator==(const Stamp&) const = default;
};

/// Nothing where there is no regular file.
std::optional<Stamp> stamp_of(const std::filesystem::path& file);

/// The name of a list of stamps in a typed directory. It says nothing that the other files do not: what identifies a directory by
/// its content passes it over.
inline constexpr std::string_view kStampList = "_sizes.lst";

}  // namespace torchport::runtime
