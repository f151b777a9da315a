#include "runtime/files/file_bytes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/files/files.h"
#include "runtime/files/unreadable_file.h"

namespace torchport::runtime {

FileBytes::FileBytes(std::size_t size)
    : bytes_(static_cast<char*>(std::calloc(std::max<std::size_t>(size, 1), 1)), std::free), size_(size) {
  if (!bytes_) throw std::bad_alloc();
}

FileBytes::FileBytes(std::string_view text) : FileBytes(text.size()) { std::memcpy(bytes_.get(), text.data(), text.size()); }

FileBytes::FileBytes(const std::filesystem::path& path, std::size_t limit) {
  const int fd = open_regular_file(path);
  const std::unique_ptr<const int, void (*)(const int*)> closing(&fd, [](const int* open) { ::close(*open); });
  struct stat status {};
  if (fstat(fd, &status) != 0) throw UnreadableFile(path, std::strerror(errno));
  if (static_cast<std::size_t>(status.st_size) > limit)
    throw UnreadableFile(path, "larger than " + std::to_string(limit) + " bytes");
  *this = FileBytes(static_cast<std::size_t>(status.st_size));
  const auto end = static_cast<off_t>(size_);
  for (off_t at = 0, piece_end = 0; at < end;) {
    if (at == piece_end) {  // the next piece that is no hole; where the file system does not tell, all that is left
      const off_t next = lseek(fd, at, SEEK_DATA);
      if (next < 0 && errno == ENXIO) return;
      const off_t hole = next < 0 ? end : lseek(fd, next, SEEK_HOLE);
      at = std::max(next, at);
      piece_end = hole > at ? std::min(hole, end) : end;
      continue;
    }
    const ssize_t got = pread(fd, bytes_.get() + at, static_cast<std::size_t>(piece_end - at), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw UnreadableFile(path, std::strerror(errno));
    if (got == 0) throw UnreadableFile(path, "it became shorter while it was read");
    at += got;
  }
}

}  // namespace torchport::runtime
