// What reading a file throws. Whoever reads a file for somebody catches it and says what the file is for; one that nobody catches
// still names the file (runtime/error/current_errors.h).
#pragma once
#include <filesystem>
#include <stdexcept>
#include <string>

namespace torchport::runtime {

/// what() is the reason alone, such as "No such file or directory".
class UnreadableFile : public std::runtime_error {
 public:
  UnreadableFile(std::filesystem::path path, const std::string& reason) : std::runtime_error(reason), path_(std::move(path)) {}
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace torchport::runtime
