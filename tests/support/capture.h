// What code under test writes to a standard stream of this process.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "runtime/files/files.h"

namespace torchport::test {

/// What `action` writes to `stream` (STDOUT_FILENO or STDERR_FILENO), by way of `file`.
inline std::string captured(int stream, const std::filesystem::path& file, const std::function<void()>& action) {
  const int saved = dup(stream), to = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(to, stream);
  close(to);
  action();
  dup2(saved, stream);
  close(saved);
  return runtime::read_file(file, 1 << 30);
}

}  // namespace torchport::test
