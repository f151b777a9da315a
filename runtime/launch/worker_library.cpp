#include "runtime/launch/worker_library.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "runtime/error/error.h"
#include "runtime/launch/process.h"

namespace torchport::runtime {

namespace {

/// What the worker's own loader says, where it does not start the worker: one that was linked elsewhere looks elsewhere.
bool loader_lacks(const std::string& library, const std::filesystem::path& worker) {
  std::string said;
  run_child(
      {"/usr/bin/env", "LD_TRACE_LOADED_OBJECTS=1", worker.string()}, [&](std::string_view text) { said += text; },
      std::chrono::seconds(10), ChildOutput::read);
  return said.find(library + " => not found") != std::string::npos;
}

}  // namespace

void check_worker_library(const std::filesystem::path& worker) {
  if (std::getenv("LD_LIBRARY_PATH")) return;
  const std::filesystem::path built = TORCHPORT_WORKER_LIBRARY;
  for (const auto& folder : {worker.parent_path(), worker.parent_path() / "../lib", built.parent_path()}) {
    const std::filesystem::path file = folder / built.filename();
    if (access(file.c_str(), R_OK) == 0) return;
    if (errno != EACCES) continue;
    if (folder == built.parent_path() && !loader_lacks(built.filename(), worker)) return;
    throw Error("CouldNotOpenFile.library", {{"path", file.string()}, {"reason", std::strerror(EACCES)}});
  }
}

}  // namespace torchport::runtime
