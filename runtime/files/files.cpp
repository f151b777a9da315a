#include "runtime/files/files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/error/error.h"
#include "runtime/files/leftovers.h"
#include "runtime/files/refused_file.h"
#include "runtime/files/sync.h"
#include "runtime/files/unreadable_file.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

int open_regular(const fs::path& path, struct stat& status) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);  // O_NONBLOCK: a FIFO must not hang us
  if (fd < 0) refuse_reading(path, errno);
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    throw UnreadableFile(path, "not a regular file");
  }
  return fd;
}

/// Up to `bytes` from the start of an open file, which is closed.
std::string read_up_to(const fs::path& path, int fd, std::size_t bytes, std::size_t expected) {
  std::string text(std::min(bytes, expected), '\0');
  std::size_t done = 0;
  while (done < bytes) {
    if (done == text.size()) text.resize(std::min(bytes, done + 65536));  // it grew, or its file system states no sizes
    const ssize_t got = read(fd, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      close(fd);
      refuse_reading(path, error);
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  close(fd);
  text.resize(done);
  return text;
}

/// By the name that the caller knows.
[[noreturn]] void refuse(const fs::path& path, int error) { refuse_writing(target_of(path), error); }

}  // namespace

int open_regular_file(const fs::path& path) {
  struct stat status {};
  return open_regular(path, status);
}

std::string random_suffix() {
  std::array<unsigned char, 8> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("no random numbers");
  std::string text;
  for (const unsigned char byte : bytes) text += "0123456789abcdefghijklmnopqrstuv"[byte % 32];
  return text;
}

FileWriter::FileWriter(const fs::path& path) : path_(path) {
  fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd_ < 0) refuse(path, errno);
}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  unlink(path_.c_str());
}

void FileWriter::write(const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t done = ::write(fd_, next, std::min(bytes, std::size_t{1} << 30));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) refuse(path_, done < 0 ? errno : EIO);
    next += done;
    bytes -= static_cast<std::size_t>(done);
  }
}

bool FileWriter::copy(const fs::path& from) {
  struct stat status {};
  const int source = open_regular(from, status);
  const std::unique_ptr<const int, void (*)(const int*)> closing(&source, [](const int* fd) { ::close(*fd); });
  if (ioctl(fd_, FICLONE, source) == 0) return true;
  std::array<char, 1 << 16> piece;
  for (off_t done = 0;;) {
    const ssize_t got = read(source, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse_reading(from, errno);
    if (got == 0 && done < status.st_size) throw UnreadableFile(from, "it was cut while it was read");
    if (got == 0) return false;
    write(piece.data(), static_cast<std::size_t>(got));
    done += got;
  }
}

void FileWriter::finish() {
  if (fsync(fd_) != 0) refuse(path_, errno);
  close();
}

void FileWriter::close() {
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0) {  // network file systems report a full disk here
    const int error = errno;
    unlink(path_.c_str());
    refuse(path_, error);
  }
}

std::string read_file(const fs::path& path, std::size_t limit) {
  struct stat status {};
  const int fd = open_regular(path, status);
  const auto too_large = [&] { return UnreadableFile(path, "larger than " + std::to_string(limit) + " bytes"); };
  if (static_cast<std::size_t>(status.st_size) > limit) {
    close(fd);
    throw too_large();
  }
  std::string text = read_up_to(path, fd, limit + 1, static_cast<std::size_t>(status.st_size) + 1);
  if (text.size() > limit) throw too_large();
  return text;
}

std::string read_head(const fs::path& path, std::size_t bytes) {
  struct stat status {};
  const int fd = open_regular(path, status);
  return read_up_to(path, fd, bytes, static_cast<std::size_t>(status.st_size) + 1);
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  remove_temporaries(folder, path.filename().string());
  const fs::path temporary = folder / ("." + path.filename().string() + "." + random_suffix() + std::string(kTemporary));
  FileWriter writer(temporary);
  const int lock = open(temporary.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);  // closed, and so released, after the renaming
  const std::unique_ptr<const int, void (*)(const int*)> closing(&lock, [](const int* fd) {
    if (*fd >= 0) ::close(*fd);
  });
  if (lock >= 0) flock(lock, LOCK_EX | LOCK_NB);
  writer.write(text);
  writer.finish();
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    refuse_writing(path, error);
  }
  sync_path(folder);
}

fs::path resolve_inside(const fs::path& directory, std::string_view relative) {
  const fs::path below(relative);
  if (relative.empty() || relative.find('\0') != std::string_view::npos) throw UnreadableFile(directory / below, "not a file name");
  if (below.is_absolute()) throw UnreadableFile(directory / below, "an absolute path");
  fs::path path = directory;
  bool links = false;
  for (const fs::path& part : below) {
    if (part == "..") throw UnreadableFile(directory / below, "a path with '..'");
    path /= part;
    std::error_code absent;
    links = links || fs::is_symlink(fs::symlink_status(path, absent));
  }
  if (links) {  // a link may stay inside; only then is the costly question asked
    const fs::path root = fs::canonical(directory), real = fs::weakly_canonical(path);
    if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end())
      throw UnreadableFile(directory / below, "a symbolic link out of its folder");
  }
  return path;
}

}  // namespace torchport::runtime
