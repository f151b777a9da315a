// Room on the disk for outputs, asked for before the work begins. Called by whoever copies many files into an output, and by
// whoever makes one after hours.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "runtime/files/copy.h"

namespace torchport::runtime {

/// Files to be copied into a folder.
struct Copies {
  std::size_t count;
  std::function<std::filesystem::path(std::size_t)> file;
  std::filesystem::path folder;
  Sharing sharing = Sharing::blocks;
};
/// Whether all copies find room together, in bytes and in files. Links, and copies that share their blocks, take none. A file that
/// cannot be read is for the copying to report. \throws Error ModuleOutOfMemory.disk, ModuleOutOfMemory.files
void check_space(const std::vector<Copies>& copies);

/// Room that an output will need at the end of long work. Where the file system can set blocks aside (fallocate), it does, so that
/// nobody else gets them and quotas are asked; else what is free is compared once.
class HeldRoom {
 public:
  /// In the folder that `target` is in, or in `target` where that is there. `what` names the output in errors.
  /// \throws Error ModuleOutOfMemory.output, ModuleOutOfMemory.files
  HeldRoom(const std::filesystem::path& target, std::uint64_t bytes, std::uint64_t files, const std::string& what);
  ~HeldRoom();
  HeldRoom(const HeldRoom&) = delete;
  HeldRoom& operator=(const HeldRoom&) = delete;

 private:
  int fd_ = -1;  ///< of a file without a name: its blocks are free again when the process ends, however it does
};

}  // namespace torchport::runtime
