// Files read with suspicion, and written whole or not at all. Used wherever torchport touches a file.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// A file being written with write(2), checked at each call. \throws Error FailedToWriteOutputs (disk full, no rights, ...)
class FileWriter {
 public:
  /// Creates `path` (O_EXCL, O_NOFOLLOW, mode 0640).
  explicit FileWriter(const std::filesystem::path& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Fills the new file with the bytes of the regular file `from`. Where the file system can, the two share their blocks until one
  /// of them is changed (reflink).
  /// Returns whether they do. \throws std::runtime_error where `from` cannot be read
  bool copy(const std::filesystem::path& from);
  /// Flushes to the disk and closes. Without finish() or close() the destructor removes the file.
  void finish();
  /// Closes without the flush, for those who flush many files at once.
  void close();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Opens a regular file for reading, close-on-exec; FIFOs and devices are refused without blocking. The caller closes it.
/// \throws std::runtime_error with the reason ("No such file or directory", "not a regular file")
int open_regular_file(const std::filesystem::path& path);

/// Reads such a file whole. At most `limit` bytes: what the caller can need, for a file may be of any size, and take no place.
/// \throws std::runtime_error also "larger than N bytes"
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// A megabyte: the limit for small texts such as settings.
inline constexpr std::size_t kSmallText = std::size_t{1} << 20;

/// The first `bytes` of such a file, or all of it where it is shorter. \throws std::runtime_error as read_file
std::string read_head(const std::filesystem::path& path, std::size_t bytes);

/// Replaces `path` by `text`: temporary file, fsync, rename, fsync of the folder. \throws Error FailedToWriteOutputs
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// Eight random letters and digits, for the names of temporary files: a name that can be guessed can be planted.
std::string random_suffix();

/// A path inside `directory` named by a file of that directory: relative, no "..", no symbolic link out. \throws std::runtime_error
std::filesystem::path resolve_inside(const std::filesystem::path& directory, std::string_view relative);

}  // namespace torchport::runtime
