// Where tests find the programs, the recorded data and a place of their own to write to.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace torchport::test {

inline std::filesystem::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value || !*value) throw std::runtime_error(std::string(name) + " is not set: run the tests with ctest or ./dev test");
  return value;
}
/// build/bin
inline std::filesystem::path programs() { return from_environment("TORCHPORT_BIN"); }
/// The root of the source tree.
inline std::filesystem::path source() { return from_environment("TORCHPORT_SOURCE"); }
/// Directories that the original wrote (tests/data/original).
inline std::filesystem::path original(const std::string& name) { return source() / "tests/data/original" / name; }

/// A fresh folder, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "torchport-test-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace torchport::test
