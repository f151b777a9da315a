#include "runtime/launch/worker_library.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/error/error.h"

namespace torchport::runtime {

void check_worker_library(const std::filesystem::path& worker) {
  if (std::getenv("LD_LIBRARY_PATH")) return;
  const std::filesystem::path built = TORCHPORT_WORKER_LIBRARY;
  for (const auto& folder : {worker.parent_path(), worker.parent_path() / "../lib", built.parent_path()}) {
    const std::filesystem::path file = folder / built.filename();
    if (access(file.c_str(), R_OK) == 0) return;
    if (errno == EACCES) throw Error("CouldNotOpenFile.library", {{"path", file.string()}, {"reason", std::strerror(errno)}});
  }
}

}  // namespace torchport::runtime
