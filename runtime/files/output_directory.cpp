#include "runtime/files/output_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kStaging = ".torchport-";  ///< begins the name of each folder of outputs in the making
constexpr std::string_view kMeta = "_meta.yaml";
constexpr std::string_view kScratch = ".scratch";
constexpr std::size_t kManyFiles = 64;  ///< from here one flush of the file system is cheaper than one for each file

[[noreturn]] void fail(const fs::path& path, int error) {
  throw Error("FailedToWriteOutputs.file", {{"path", path.string()}, {"reason", std::strerror(error)}});
}

[[noreturn]] void refuse(const fs::path& path, const std::string& reason) {
  throw Error("InvalidPathForDirectoryCreation.output", {{"path", path.string()}, {"reason", reason}});
}

/// "out/" and "out/." as "out": what has a name and a parent. Links and ".." keep their meaning.
fs::path tidy(fs::path path) {
  while ((path.filename().empty() || path.filename() == ".") && path.has_parent_path() && path.has_relative_path())
    path = path.parent_path();
  return path;
}

fs::path parent(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Throws unless `target` is absent in a folder that can be written to, or an empty folder that can be written to.
/// Returns whether it is present. Folders left by a killed run do not count.
bool inspect(const fs::path& target) {
  if (target.empty()) refuse(target, "the path is empty");
  if (target.string().find('\0') != std::string::npos) refuse(target, "the path holds a NUL character");
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  if (status.type() == fs::file_type::none) refuse(target, error.message());
  if (!fs::exists(status)) {
    if (fs::is_symlink(fs::symlink_status(target, error))) refuse(target, "it is a symbolic link to nowhere");
    const fs::path folder = parent(target);
    if (!fs::is_directory(folder, error)) refuse(target, "'" + folder.string() + "' is not a folder");
    if (access(folder.c_str(), W_OK | X_OK) != 0) refuse(target, std::strerror(errno));
    return false;
  }
  if (!fs::is_directory(status)) refuse(target, "a file of that name exists");
  fs::directory_iterator entries(target, error);
  if (error) refuse(target, error.message());
  for (const fs::directory_entry& entry : entries)
    if (!is_staging(entry.path())) throw Error("AlreadyExists.output", {{"path", target.string()}});
  if (access(target.c_str(), W_OK | X_OK) != 0) refuse(target, std::strerror(errno));
  return true;
}

/// Opens and locks a staging folder for as long as its maker lives; -1 where another process holds the lock.
int lock_folder(const fs::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

/// Removes what killed runs left at `folder` for outputs named `prefix`*: whoever is alive holds a lock.
void remove_leftovers(const fs::path& folder, const std::string& prefix) {
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(prefix)) continue;
    const int fd = lock_folder(entry->path());
    if (fd < 0) continue;
    fs::remove_all(entry->path(), ignored);
    close(fd);
  }
}

void make_folder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0750) == 0) {
    chmod(folder.c_str(), 0750);  // whatever the umask
  } else if (errno != EEXIST || !fs::is_directory(folder)) {
    fail(folder, errno);
  }
}

void sync_path(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  if (error && error != EINVAL) fail(path, error);  // EINVAL: a mount that knows no fsync of folders
}

/// Makes everything below `folder` last through a power cut.
void sync_tree(const fs::path& folder, int fd) {
  std::vector<fs::path> paths{folder};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    paths.push_back(entry.path());
    if (paths.size() <= kManyFiles) continue;
    if (syncfs(fd) != 0) fail(folder, errno);
    return;
  }
  for (const fs::path& path : paths) sync_path(path);
}

void move(const fs::path& from, const fs::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EINVAL || errno == ENOSYS) {  // a file system without that flag
    if (rename(from.c_str(), to.c_str()) == 0) return;
  }
  if (errno == EEXIST || errno == ENOTEMPTY) throw Error("AlreadyExists.output", {{"path", to.string()}});
  fail(to, errno);
}

}  // namespace

bool is_staging(const fs::path& entry) { return entry.filename().string().starts_with(kStaging); }

OutputDirectory::OutputDirectory(fs::path target) : target_(tidy(target)) {
  present_ = inspect(target_);
  const fs::path folder = present_ ? target_ : parent(target_);
  const std::string prefix = std::string(kStaging) + (present_ ? "" : target_.filename().string() + "-");
  remove_leftovers(folder, prefix);
  if (present_ && !fs::is_empty(folder))
    throw Error("AlreadyExists.output", {{"path", target_.string()}});  // another run makes it now
  staging_ = folder / (prefix + random_suffix());
  if (mkdir(staging_.c_str(), 0750) != 0) refuse(target_, std::strerror(errno));
  chmod(staging_.c_str(), 0750);
  lock_ = lock_folder(staging_);
}

OutputDirectory::~OutputDirectory() {
  std::error_code ignored;
  if (!published_)
    for (const fs::path& path : moved_) fs::remove_all(path, ignored);
  fs::remove_all(staging_, ignored);
  if (lock_ >= 0) close(lock_);
}

fs::path OutputDirectory::path(const fs::path& relative) {
  const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (relative.empty() || relative.is_absolute() || climbs)
    throw std::logic_error("not a path inside of an output: " + relative.string());
  const fs::path inside = relative.parent_path();
  const std::lock_guard lock(mutex_);
  if (!folders_.contains(inside.native())) {
    fs::path folder = staging_;
    for (const fs::path& part : inside) make_folder(folder /= part);
    folders_.insert(inside.native());
  }
  return staging_ / relative;
}

void OutputDirectory::write(const fs::path& relative, std::string_view bytes) {
  FileWriter writer(path(relative));
  writer.write(bytes);
  writer.close();  // publish() flushes all files at once
}

CopiedBy OutputDirectory::copy(const fs::path& relative, const fs::path& from, Sharing sharing) {
  return copy_file(from, path(relative), sharing);
}

void OutputDirectory::take(const fs::path& relative, const fs::path& from) { move(from, path(relative)); }

fs::path OutputDirectory::scratch() {
  make_folder(staging_ / kScratch);
  return staging_ / kScratch;
}

void OutputDirectory::publish(std::string_view meta_yaml) {
  write(kMeta, meta_yaml);
  fs::remove_all(staging_ / kScratch);
  sync_tree(staging_, lock_);
  if (!present_) {
    move(staging_, target_);
    published_ = true;
    sync_path(parent(target_));
    return;
  }
  std::vector<fs::path> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(staging_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end(), [](const fs::path& a, const fs::path& b) { return (a == kMeta) < (b == kMeta); });
  for (const fs::path& name : names) {
    if (name == kMeta) sync_path(target_);  // a directory counts as published once _meta.yaml is there
    move(staging_ / name, target_ / name);
    moved_.push_back(target_ / name);
  }
  published_ = true;
  fs::remove(staging_);
  sync_path(target_);
}

std::vector<std::string> OutputDirectory::files() const {
  const fs::path& root = published_ ? target_ : staging_;
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(root).generic_string());
  std::sort(names.begin(), names.end());
  return names;
}

void check_output(const fs::path& target) { inspect(tidy(target)); }

}  // namespace torchport::runtime
