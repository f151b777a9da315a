#include "runtime/files/sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/files/refused_file.h"

namespace torchport::runtime {

void sync_path(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse_writing(path, errno);
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  if (error && error != EINVAL) refuse_writing(path, error);  // EINVAL: a mount that knows no fsync of folders
}

}  // namespace torchport::runtime
