#include "runtime/files/refused_file.h"

#include <cerrno>
#include <cstring>

#include "runtime/error/error.h"
#include "runtime/files/unreadable_file.h"

namespace torchport::runtime {
namespace {

void blame_the_process(const std::filesystem::path& path, int error) {
  if (error == EMFILE || error == ENFILE)
    throw Error("ModuleOutOfMemory.resource", {{"what", "a file"}, {"reason", std::strerror(error)}}, {{"path", path.string()}});
  if (error == ENOMEM) throw Error("ModuleOutOfMemory.memory", {{"reason", std::strerror(error)}}, {{"path", path.string()}});
}

}  // namespace

void refuse_reading(const std::filesystem::path& path, int error) {
  blame_the_process(path, error);
  throw UnreadableFile(path, std::strerror(error));
}

void refuse_writing(const std::filesystem::path& path, int error) {
  blame_the_process(path, error);
  throw Error("FailedToWriteOutputs.file", {{"path", path.string()}, {"reason", std::strerror(error)}});
}

void refuse_output(const std::filesystem::path& path, int error) {
  const bool disk = error == EIO || error == ENOSPC || error == EDQUOT || error == EROFS || error == ESTALE;
  throw Error(disk ? "InvalidPathForDirectoryCreation.disk" : "InvalidPathForDirectoryCreation.output",
              {{"path", path.string()}, {"reason", std::strerror(error)}});
}

}  // namespace torchport::runtime
