#include "runtime/files/space.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/error/error.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// Whether a copy of `file` in `folder` would share its blocks: tried with a file that has no name.
bool shares_blocks(const fs::path& file, const fs::path& folder) {
  const int from = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int to = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  const bool shared = from >= 0 && to >= 0 && ioctl(to, FICLONE, from) == 0;
  for (const int fd : {from, to})
    if (fd >= 0) close(fd);
  return shared;
}

/// The room of one file system.
struct Room {
  fs::path folder;
  std::uint64_t needed = 0, free = 0;
};

}  // namespace

void check_space(const std::vector<Copies>& copies) {
  std::map<dev_t, Room> rooms;
  for (const Copies& group : copies) {
    struct stat status {};
    struct statvfs volume {};
    if (group.count == 0 || stat(group.folder.c_str(), &status) != 0 || statvfs(group.folder.c_str(), &volume) != 0) continue;
    Room& room = rooms[status.st_dev];
    room.folder = group.folder;
    room.free = static_cast<std::uint64_t>(volume.f_bavail) * volume.f_frsize;
    const dev_t target = status.st_dev;
    const fs::path first = group.file(0);
    const bool linked = group.sharing == Sharing::inode && stat(first.c_str(), &status) == 0 && status.st_dev == target;
    if (linked || shares_blocks(first, group.folder)) continue;
    const std::uint64_t block = std::max<std::uint64_t>(volume.f_frsize, 1);
    for (std::size_t i = 0; i < group.count; ++i)
      if (stat(group.file(i).c_str(), &status) == 0)
        room.needed += (static_cast<std::uint64_t>(status.st_size) + block - 1) / block * block;
  }
  for (const auto& [device, room] : rooms) {
    if (room.needed <= room.free) continue;
    throw Error("ModuleOutOfMemory.disk", {{"path", room.folder.parent_path().string()},
                                           {"needed", std::to_string(room.needed)},
                                           {"free", std::to_string(room.free)}});
  }
}

}  // namespace torchport::runtime
