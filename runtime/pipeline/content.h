// What identifies files and folders: a cheap look from outside, and the hash of what they hold. Used to decide whether a pipeline's
// step must run again.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::runtime {

/// A file or folder as it looks without reading it: names, sizes, inodes and times of change of all that is below.
struct Look {
  std::string fingerprint;  ///< "" where it cannot be looked at
  bool settled = false;     ///< nothing changed in the last two seconds: a later change would show
};
Look look_at(const std::filesystem::path& path);

/// SHA-256 over names and contents of all files below but lists of stamps, wherever the folder lies. Links to folders are not
/// followed. \throws Error CouldNotOpenFile.file
std::string content_of(const std::filesystem::path& path);

}  // namespace torchport::runtime
