// The bytes of a large file, in memory; its holes take none. Called by the reader of weights, whose files may be of gigabytes.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>

namespace torchport::runtime {

class FileBytes {
 public:
  FileBytes() = default;
  /// A copy of a text.
  explicit FileBytes(std::string_view text);
  /// \throws std::runtime_error as read_file, and "it became shorter while it was read"
  FileBytes(const std::filesystem::path& path, std::size_t limit);
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {data(), size_}; }

 private:
  explicit FileBytes(std::size_t size);
  std::unique_ptr<char, void (*)(void*)> bytes_{nullptr, std::free};  ///< of calloc: zeros that nobody wrote take no room
  std::size_t size_ = 0;
};

}  // namespace torchport::runtime
