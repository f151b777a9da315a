#include "runtime/files/space.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

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
  std::uint64_t needed = 0, free = 0, files = 0, free_files = 0;
};

/// How many more files there can be. Btrfs and FAT do not count them, and say that there are 0 in all.
std::uint64_t free_files(const struct statvfs& volume) {
  return volume.f_files == 0 ? UINT64_MAX : static_cast<std::uint64_t>(volume.f_favail);
}

[[noreturn]] void refuse_files(const fs::path& folder, std::uint64_t needed, std::uint64_t free) {
  throw Error("ModuleOutOfMemory.files",
              {{"path", folder.string()}, {"needed", std::to_string(needed)}, {"free", std::to_string(free)}});
}

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
    room.free_files = free_files(volume);
    const dev_t target = status.st_dev;
    const fs::path first = group.file(0);
    const bool linked = group.sharing == Sharing::inode && stat(first.c_str(), &status) == 0 && status.st_dev == target;
    if (!linked) room.files += group.count;
    if (linked || shares_blocks(first, group.folder)) continue;
    const std::uint64_t block = std::max<std::uint64_t>(volume.f_frsize, 1);
    for (std::size_t i = 0; i < group.count; ++i)
      if (stat(group.file(i).c_str(), &status) == 0)
        room.needed += (static_cast<std::uint64_t>(status.st_size) + block - 1) / block * block;
  }
  for (const auto& [device, room] : rooms) {
    if (room.files > room.free_files) refuse_files(room.folder.parent_path(), room.files, room.free_files);
    if (room.needed <= room.free) continue;
    throw Error("ModuleOutOfMemory.disk", {{"path", room.folder.parent_path().string()},
                                           {"needed", std::to_string(room.needed)},
                                           {"free", std::to_string(room.free)}});
  }
}

HeldRoom::HeldRoom(const fs::path& target, std::uint64_t bytes, std::uint64_t files, const std::string& what) {
  std::error_code error;
  fs::path folder = fs::absolute(target);
  while (!fs::is_directory(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  struct statvfs volume {};
  if (statvfs(folder.c_str(), &volume) != 0) return;  // the writing will say what is wrong
  if (files > free_files(volume)) refuse_files(folder, files, free_files(volume));
  const std::uint64_t free = static_cast<std::uint64_t>(volume.f_bavail) * volume.f_frsize;
  fd_ = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  const bool refused = fd_ >= 0 && fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0 &&
                       (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
  if (!refused && bytes <= free) return;
  if (fd_ >= 0) close(fd_);
  throw Error("ModuleOutOfMemory.output",
              {{"path", folder.string()}, {"what", what}, {"needed", std::to_string(bytes)}, {"free", std::to_string(free)}});
}

HeldRoom::~HeldRoom() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace torchport::runtime
