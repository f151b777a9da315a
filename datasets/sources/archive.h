// Archives of images, unpacked with suspicion. Called by open_source, for Convert to Image Directory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "datasets/sources/account.h"

namespace torchport::datasets {

/// What an archive may hold at most, so that a small file cannot fill the disk or the machine.
struct ArchiveLimits {
  std::uint64_t entries = 20'000'000;
  std::uint64_t bytes = std::uint64_t{1} << 40;       ///< of all files
  std::uint64_t file_bytes = std::uint64_t{4} << 30;  ///< of one file
  std::uint64_t ratio = 200;                          ///< of unpacked to packed bytes; images hardly shrink
  std::uint64_t harmless = std::uint64_t{64} << 20;   ///< bytes below which the ratio does not matter
};

/// By its name: .zip .tar .gz .tgz .bz2 .tbz .tbz2, in any case. What it is, its content decides.
bool is_archive_name(const std::filesystem::path& file);

/// Whether a file with such a name holds files, or cannot be told from one that did: labels.csv.gz holds a text.
bool holds_files(const std::filesystem::path& file);

/// Unpacks the ZIP or tar archive (which gzip or bzip2 may have compressed) into the empty folder `target` and returns the number
/// of files. Anything but files and folders below `target`, with names of their own in UTF-8, is refused: no absolute path, no
/// "..", no link, no device. What tools left (__MACOSX) and empty files are left out, and counted in `account`. \throws Error
/// InvalidDataset.archive, archive_entry, ModuleOutOfMemory.disk, FailedToWriteOutputs
std::uint64_t unpack(const std::filesystem::path& archive, const std::filesystem::path& target, const ArchiveLimits& limits = {},
                     Account* account = nullptr);

}  // namespace torchport::datasets
