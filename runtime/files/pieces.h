// A file read piece by piece, so that not its size but what is kept of it decides on the memory.
// Called by the readers of image lists and of COCO files.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace torchport::runtime {

class FilePieces {
 public:
  /// \throws std::runtime_error as read_file
  explicit FilePieces(const std::filesystem::path& path);
  ~FilePieces();
  FilePieces(const FilePieces&) = delete;
  FilePieces& operator=(const FilePieces&) = delete;
  /// The next bytes, valid until the next call; none at the end. \throws std::runtime_error
  std::string_view next();

 private:
  std::filesystem::path path_;
  int fd_;
  std::string buffer_;
};

class FileLines {
 public:
  /// Lines may have `longest` bytes. \throws std::runtime_error as read_file
  FileLines(const std::filesystem::path& path, std::size_t longest) : pieces_(path), longest_(longest) {}
  /// The next line without its line feed, valid until the next call; false at the end.
  /// \throws std::runtime_error "line 3 is longer than 1024 bytes"
  bool next(std::string_view& line);

 private:
  FilePieces pieces_;
  std::size_t longest_, at_ = 0, count_ = 0;
  std::string text_;
  bool ended_ = false;
};

}  // namespace torchport::runtime
