// What the fuzz targets share. Each file of targets/ is a program of libFuzzer's that gives any bytes to one parser, which may
// return or throw what its callers expect; a std::logic_error, a memory error or undefined behaviour ends the program and is a
// find.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "runtime/error/error.h"

namespace torchport::fuzz {

/// The whole input.
inline std::string_view text(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Calls `read`, which may throw what a bad file is told with.
template <class Read>
int read_or_refuse(Read&& read) {
  try {
    read();
  } catch (const runtime::Error&) {
  } catch (const runtime::Errors&) {
  } catch (const std::runtime_error&) {
  }
  return 0;
}

/// A folder in memory, of this process, for the parsers that take a path.
class Folder {
 public:
  explicit Folder(const char* name)
      : path(std::filesystem::path("/dev/shm") / ("torchport-fuzz-" + std::to_string(getpid()) + "-" + name)) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { clear(true); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, std::string_view bytes) const {
    const int file = open((path / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ::write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    close(file);
  }
  /// Removes what lies in the folder, or the folder as well.
  void clear(bool whole = false) const {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
    if (!whole) std::filesystem::create_directories(path);
  }

  const std::filesystem::path path;
};

}  // namespace torchport::fuzz
