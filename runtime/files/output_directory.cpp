#include "runtime/files/output_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/refused_file.h"
#include "runtime/files/reservation.h"
#include "runtime/files/sync.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kStaging = ".torchport-";  ///< begins the name of each folder of outputs in the making
constexpr std::string_view kMeta = "_meta.yaml";
constexpr std::string_view kScratch = ".scratch";
constexpr std::size_t kSuffix = 8;      ///< of random_suffix()
constexpr std::size_t kManyFiles = 64;  ///< from here one flush of the file system is cheaper than one for each file

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
/// Returns whether it is present. What a killed run left does not count; a place that another run has reserved is refused.
bool inspect(const fs::path& target) {
  if (target.empty()) refuse(target, "the path is empty");
  if (target.string().find('\0') != std::string::npos) refuse(target, "the path holds a NUL character");
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  if (status.type() == fs::file_type::none) refuse(target, error.message());
  std::error_code ignored;
  const bool has_place = fs::exists(status) || fs::is_directory(parent(target), ignored);
  const auto unfinished = has_place ? unfinished_at(target) : std::vector<fs::path>();
  const auto is_unfinished = [&](const fs::path& entry) {
    const auto same = [&](const fs::path& left) {
      std::error_code other;
      return fs::equivalent(left, entry, other);
    };
    return std::any_of(unfinished.begin(), unfinished.end(), same);
  };
  if (fs::is_directory(status) && is_unfinished(target)) return false;
  if (!fs::exists(status)) {
    if (fs::is_symlink(fs::symlink_status(target, error))) refuse(target, "it is a symbolic link to nowhere");
    fs::path folder = parent(target);
    while (!fs::exists(fs::symlink_status(folder, error)) && folder.has_parent_path() && folder != folder.parent_path())
      folder = parent(folder);  // missing ones will be made
    if (folder.empty() || !fs::exists(folder, error)) folder = ".";
    if (!fs::is_directory(folder, error)) refuse(target, "'" + folder.string() + "' is not a folder");
    if (access(folder.c_str(), W_OK | X_OK) != 0) refuse_output(target, errno);
    return false;
  }
  if (!fs::is_directory(status)) refuse(target, "a file of that name exists");
  fs::directory_iterator entries(target, error);
  if (error) refuse(target, error.message());
  for (const fs::directory_entry& entry : entries)
    if (!is_staging(entry.path()) && !is_unfinished(entry.path())) throw Error("AlreadyExists.output", {{"path", target.string()}});
  if (access(target.c_str(), W_OK | X_OK) != 0) refuse_output(target, errno);
  return true;
}

/// Staging folders for outputs named `prefix`* that a run left before it could note them down: they are empty.
void remove_empty_leftovers(const fs::path& folder, const std::string& prefix) {
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) && name.size() == prefix.size() + kSuffix) rmdir(entry->path().c_str());
  }
}

void make_folder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0777) != 0 && (errno != EEXIST || !fs::is_directory(folder))) refuse_writing(folder, errno);
}

/// Makes everything below `folder` last through a power cut.
void sync_tree(const fs::path& folder, int fd) {
  std::vector<fs::path> paths{folder};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    paths.push_back(entry.path());
    if (paths.size() <= kManyFiles) continue;
    if (syncfs(fd) != 0) refuse_writing(folder, errno);
    return;
  }
  for (const fs::path& path : paths) sync_path(path);
}

/// Renames `from` where nothing is at `to`. Returns 0 or the error's number.
int rename_to_absent(const fs::path& from, const fs::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno == EINVAL || errno == ENOSYS) {  // a file system without that flag
    if (rename(from.c_str(), to.c_str()) == 0) return 0;
  }
  return errno;
}

void move(const fs::path& from, const fs::path& to) {
  const int error = rename_to_absent(from, to);
  if (error == EEXIST || error == ENOTEMPTY) throw Error("AlreadyExists.output", {{"path", to.string()}});
  if (error) refuse_writing(to, error);
}

/// Moves a finished output to its place. Where somebody has made something there meanwhile, it stays beside it, under a name that
/// the error tells: hours may have gone into it.
void move_finished(const fs::path& staging, const fs::path& target) {
  const int error = rename_to_absent(staging, target);
  if (error == 0) return;
  if (error != EEXIST && error != ENOTEMPTY && error != ENOTDIR) refuse_writing(target, error);
  const fs::path kept = parent(target) / (target.filename().string() + "-" + random_suffix());
  move(staging, kept);
  throw Error("AlreadyExists.meanwhile", {{"path", target.string()}, {"kept", kept.string()}});
}

}  // namespace

bool is_staging(const fs::path& entry) { return entry.filename().string().starts_with(kStaging); }

OutputDirectory::OutputDirectory(fs::path target) : target_(tidy(target)) {
  inspect(target_);
  reserve(target_);
  try {
    present_ = inspect(target_);  // a killed run's leftovers are gone
    const fs::path folder = present_ ? target_ : parent(target_);
    const std::string prefix = std::string(kStaging) + (present_ ? "" : target_.filename().string() + "-");
    remove_empty_leftovers(folder, prefix);
    for (const fs::directory_entry& entry : present_ ? fs::directory_iterator(folder) : fs::directory_iterator()) {
      if (is_noted(target_, entry.path()))
        throw Error("AlreadyExists.output", {{"path", target_.string()}});  // this process makes it
    }
    staging_ = folder / (prefix + random_suffix());
    if (mkdir(staging_.c_str(), 0777) != 0) refuse_output(target_, errno);
    note_placing(target_, {{staging_, staging_, ""}});
    lock_ = open(staging_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock_ < 0) refuse_writing(staging_, errno);
  } catch (...) {
    if (!staging_.empty()) rmdir(staging_.c_str());
    give_back(target_);
    throw;
  }
}

OutputDirectory::~OutputDirectory() {
  std::error_code ignored;
  if (!published_)
    for (const fs::path& path : moved_) fs::remove_all(path, ignored);
  fs::remove_all(staging_, ignored);
  if (lock_ >= 0) close(lock_);
  give_back(target_);
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

void OutputDirectory::publish(std::string_view meta_yaml) { publish(std::string(kMeta), meta_yaml); }

void OutputDirectory::publish(const std::string& last, std::string_view bytes) {
  write(last, bytes);
  fs::remove_all(staging_ / kScratch);
  sync_tree(staging_, lock_);
  if (!present_) {
    if (const fs::path other = what_counts(target_); !other.empty()) note_placing(target_, {{staging_, target_, other}});
    move_finished(staging_, target_);
    published_ = true;
    sync_path(parent(target_));
    return;
  }
  std::vector<fs::path> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(staging_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end(), [&](const fs::path& a, const fs::path& b) { return (a == last) < (b == last); });
  std::vector<Placing> placings;
  for (const fs::path& name : names) placings.push_back({staging_ / name, target_ / name, target_ / last});
  note_placing(target_, placings);
  for (const fs::path& name : names) {
    if (name == last) sync_path(target_);  // a directory counts as published once that file is there
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
  std::error_code fault;
  for (fs::recursive_directory_iterator entry(root, fault), end; entry != end; entry.increment(fault)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) names.push_back(entry->path().lexically_relative(root).generic_string());
  }
  // What is published is whole, whatever the disk says afterwards.
  if (fault && !published_) throw fs::filesystem_error("cannot list", root, fault);
  std::sort(names.begin(), names.end());
  return names;
}

void check_output(const fs::path& target) { inspect(tidy(target)); }

}  // namespace torchport::runtime
