// A file that one process holds, with a text for whoever comes after it. What Reservation is made of.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/files/owner.h"

namespace torchport::runtime {

/// A file or folder that was put at `place`, told from whatever else may be there later, and void unless `unless` exists.
struct Placed {
  std::uint64_t device = 0, inode = 0;
  std::int64_t born = 0;  ///< nanoseconds since 1970; 0 where the file system does not say
  std::filesystem::path place, unless;
  /// As it is now at `file`.
  static Placed of(const std::filesystem::path& file, std::filesystem::path place, std::filesystem::path unless);
  /// Whether it is at its place and void.
  bool is_void() const;
};

/// What a lock file says.
struct LockText {
  Owner owner;
  bool locked = false;  ///< the file system knows flock
  std::vector<Placed> placed;
  std::string write() const;
  /// Nothing where it is not of this form.
  static std::optional<LockText> read(const std::string& text);
};

class LockFile {
 public:
  /// Takes the file at `path`. \throws Error AlreadyExists.reserved with `target` where another process holds it,
  /// InvalidPathForDirectoryCreation.output where it cannot be made
  LockFile(const std::filesystem::path& path, const std::filesystem::path& target);
  /// Removes the file.
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  /// What the one before left, who did not come to its end.
  const std::vector<Placed>& left() const { return left_; }
  /// Writes down what has been placed. \throws Error FailedToWriteOutputs.file
  void write(const std::vector<Placed>& placed);
  /// Device and inode.
  std::pair<std::uint64_t, std::uint64_t> identity() const { return identity_; }

 private:
  bool try_once();

  std::filesystem::path path_, target_;
  int fd_ = -1;
  bool locked_ = false;
  std::pair<std::uint64_t, std::uint64_t> identity_;
  std::vector<Placed> left_;
};

/// What the file at `path` says, and whether somebody else holds it; without touching it. Nothing where there is none.
struct LockLook {
  LockText text;
  bool held = false;
};
std::optional<LockLook> look_at_lock(const std::filesystem::path& path);

}  // namespace torchport::runtime
