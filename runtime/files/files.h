// Files that appear whole or not at all, and typed directories likewise. Every output of torchport goes through here.
#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  /// of them is changed (reflink). A hard link would be one file under two names: a change of the input would change the output.
  /// \throws std::runtime_error where `from` cannot be read
  void copy(const std::filesystem::path& from);
  /// Flushes to the disk and closes. Without finish() or close() the destructor removes the file.
  void finish();
  /// Closes without the flush, for who flushes many files at once.
  void close();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Reads a whole regular file; FIFOs and devices are refused without blocking. At most `limit` bytes.
/// \throws std::runtime_error with the reason ("No such file or directory", "not a regular file", "larger than N bytes")
std::string read_file(const std::filesystem::path& path, std::size_t limit = std::size_t{1} << 40);

/// The first `bytes` of such a file, or all of it where it is shorter. \throws std::runtime_error as read_file
std::string read_head(const std::filesystem::path& path, std::size_t bytes);

/// Files to be copied into a folder.
struct Copies {
  std::size_t count;
  std::function<std::filesystem::path(std::size_t)> file;
  std::filesystem::path folder;
};
/// Whether all copies find room together. Copies that share their blocks take none. A file that cannot be read is for the copying
/// to report. \throws Error ModuleOutOfMemory.disk
void check_space(const std::vector<Copies>& copies);

/// Replaces `path` by `text`: temporary file, fsync, rename, fsync of the folder. \throws Error FailedToWriteOutputs
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// An output directory in the making. Absent target: a temporary sibling, renamed by publish(). Present and empty (mounts, cloud
/// engines make it): files move in one by one, _meta.yaml last. Not published: all is removed again.
class OutputDirectory {
 public:
  /// \throws Error AlreadyExists.output (not empty), InvalidPathForDirectoryCreation.output, FailedToWriteOutputs
  explicit OutputDirectory(std::filesystem::path target);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;
  /// Where to write the file `relative` before publish(); makes its folder.
  std::filesystem::path path(const std::filesystem::path& relative);
  void write(const std::filesystem::path& relative, std::string_view bytes);
  /// Copies the file `from` to `relative`, as FileWriter::copy does.
  void copy(const std::filesystem::path& relative, const std::filesystem::path& from);
  /// Moves the file `from`, which lies in staging(), to `relative`.
  void take(const std::filesystem::path& relative, const std::filesystem::path& from);
  /// The folder in which files are made until publish().
  const std::filesystem::path& staging() const { return staging_; }
  /// A folder in staging() for what is needed on the way; publish() removes it first.
  std::filesystem::path scratch();
  /// Writes _meta.yaml last, flushes, and moves everything into place.
  void publish(std::string_view meta_yaml);
  const std::filesystem::path& target() const { return target_; }
  /// The relative paths written so far, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path target_, staging_;
  bool present_ = false;  ///< the target was there, and empty: the staging folder lies inside it
  bool published_ = false;
  int lock_ = -1;  ///< held on the staging folder: one without is a leftover of a killed run
  std::vector<std::filesystem::path> moved_;
};

/// Whether `entry` is the staging() of a run, living or killed: nothing that a user put there.
bool is_staging(const std::filesystem::path& entry);

/// The fault that OutputDirectory would meet at `target` right now, without touching anything. \throws Error like its constructor
void check_output(const std::filesystem::path& target);

/// `_meta.yaml` of a typed directory: its scalar entries (type, image_list, model, ...), and those of its map `extension`.
struct DirectoryMeta {
  std::string type;
  std::map<std::string, std::string, std::less<>> entries, extension;
  /// The entry, or "" where it is absent.
  std::string get(std::string_view key) const;
};

/// Reads `<directory>/_meta.yaml` under the strict YAML rules. Faults are
/// `<error_id>.missing|not_a_directory|empty|no_meta|broken_meta` with the field `what` (e.g. "training dataset") and `path`. The
/// type is the caller's to compare.
DirectoryMeta read_meta(const std::filesystem::path& directory, std::string_view error_id, std::string_view what);

/// Eight random letters and digits, for the names of temporary files: a name that can be guessed can be planted.
std::string random_suffix();

/// A path inside `directory` named by a file of that directory: relative, no "..", no symbolic link out. \throws std::runtime_error
std::filesystem::path resolve_inside(const std::filesystem::path& directory, std::string_view relative);

}  // namespace torchport::runtime
