// Typed directories that appear whole or not at all. Every component writes its outputs through one.
#pragma once
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/files/copy.h"

namespace torchport::runtime {

/// An output directory in the making. Absent target: a temporary sibling, renamed by publish(). Present and empty (mounts, cloud
/// engines make it): files move in one by one, _meta.yaml last. Not published: all is removed again.
class OutputDirectory {
 public:
  /// \throws Error AlreadyExists.output (not empty), InvalidPathForDirectoryCreation.output, FailedToWriteOutputs
  explicit OutputDirectory(std::filesystem::path target);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;
  /// Where to write the file `relative` before publish(); makes its folder. This, write, copy and take are thread-safe.
  std::filesystem::path path(const std::filesystem::path& relative);
  void write(const std::filesystem::path& relative, std::string_view bytes);
  /// Copies the file `from` to `relative`, as copy_file does.
  CopiedBy copy(const std::filesystem::path& relative, const std::filesystem::path& from, Sharing sharing = Sharing::blocks);
  /// Moves the file `from`, which lies in staging(), to `relative`.
  void take(const std::filesystem::path& relative, const std::filesystem::path& from);
  /// The folder in which files are made until publish().
  const std::filesystem::path& staging() const { return staging_; }
  /// A folder in staging() for what is needed on the way; publish() removes it first.
  std::filesystem::path scratch();
  /// Writes _meta.yaml last, flushes, and moves everything into place.
  void publish(std::string_view meta_yaml);
  /// The same for a folder that is for others' tools: the file `last` shows that it is whole.
  void publish(const std::string& last, std::string_view bytes);
  const std::filesystem::path& target() const { return target_; }
  /// The relative paths written so far, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path target_, staging_;
  bool present_ = false;  ///< the target was there, and empty: the staging folder lies inside it
  bool published_ = false;
  int lock_ = -1;  ///< held on the staging folder: one without is a leftover of a killed run
  std::vector<std::filesystem::path> moved_;
  std::mutex mutex_;
  std::set<std::string> folders_;  ///< that path() made, relative
};

/// Whether `entry` is the staging() of a run, living or killed: nothing that a user put there.
bool is_staging(const std::filesystem::path& entry);

/// The fault that OutputDirectory would meet at `target` right now, without touching anything. \throws Error like its constructor
void check_output(const std::filesystem::path& target);

}  // namespace torchport::runtime
