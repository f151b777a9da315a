// Room on the disk for copies, asked for before the first file is written. Called by whoever copies many files into an output.
#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
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
/// Whether all copies find room together. Links, and copies that share their blocks, take none. A file that cannot be read is for
/// the copying to report. \throws Error ModuleOutOfMemory.disk
void check_space(const std::vector<Copies>& copies);

}  // namespace torchport::runtime
