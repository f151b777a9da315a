// The records of a PyTorch zip archive that lies in memory. Called by StateDictFile.
// Stricter than zip itself: what torch never writes is refused, so that no two readers can see two different archives in one file.
#pragma once
#include <string_view>
#include <vector>

namespace torchport::models {

struct ZipRecord {
  std::string_view name;  ///< without the archive's top folder, e.g. "data/0"
  std::string_view data;
};

/// All records, sorted by name; views into `archive`. Checked: every header against its counterpart, every CRC, and that the
/// records fill the file from its first byte to its directory without gap or overlap. Refused: compression, encryption, comments,
/// several disks, duplicate names, names that leave the one top folder. \throws StateDictError
std::vector<ZipRecord> read_zip(std::string_view archive);

}  // namespace torchport::models
