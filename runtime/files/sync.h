// What makes a file, or the entries of a folder, last through a power cut. Called wherever something is put in its place for good.
#pragma once
#include <filesystem>

namespace torchport::runtime {

/// Flushes a file or folder to the disk. Some mounts know no fsync of folders: nothing can be done there. \throws Error as
/// refuse_writing()
void sync_path(const std::filesystem::path& path);

}  // namespace torchport::runtime
