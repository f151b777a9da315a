#include "runtime/files/lock_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <thread>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/refused_file.h"
#include "runtime/text/json.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxText = 1 << 20;
constexpr std::string_view kForm = "torchport reservation 1";
constexpr int kTries = 40;  ///< a lock that a dying process, or one that only looks, holds for a moment
constexpr std::chrono::milliseconds kPause(10);

/// Paths are bytes, JSON is UTF-8.
std::string hexadecimal(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> shift & 15];
  return text;
}

std::string bytes_of(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string contents(int fd) {
  std::string text(kMaxText, '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

[[noreturn]] void refuse_held(const fs::path& target, const std::optional<LockText>& text) {
  if (text && text->owner == Owner::self()) throw Error("InvalidPathForDirectoryCreation.same", {{"path", target.string()}});
  throw Error("AlreadyExists.reserved",
              {{"path", target.string()}, {"owner", text ? text->owner.text() : std::string("a process that has not said which")}});
}

[[noreturn]] void refuse(const fs::path& target, const std::string& reason) {
  throw Error("InvalidPathForDirectoryCreation.output", {{"path", target.string()}, {"reason", reason}});
}

}  // namespace

Placed Placed::of(const fs::path& file, fs::path place, fs::path unless) {
  Placed placed{0, 0, 0, std::move(place), std::move(unless)};
  struct statx status {};
  if (statx(AT_FDCWD, file.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status) != 0) return placed;
  placed.device = std::uint64_t{status.stx_dev_major} << 32 | status.stx_dev_minor;
  placed.inode = status.stx_ino;
  if (status.stx_mask & STATX_BTIME) placed.born = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
  return placed;
}

bool Placed::is_void() const {
  std::error_code ignored;
  if (!unless.empty() && fs::exists(fs::symlink_status(unless, ignored))) return false;
  const Placed now = of(place, place, unless);
  // Numbers of inodes are used again: a name that is not random needs the time of birth as well.
  return inode != 0 && (born != 0 || unless.empty()) && now.device == device && now.inode == inode && now.born == born;
}

std::string LockText::write() const {
  nlohmann::json json = owner.json();
  json["form"] = kForm;
  json["locked"] = locked;
  json["placed"] = nlohmann::json::array();
  for (const Placed& one : placed)
    json["placed"].push_back({one.device, one.inode, one.born, hexadecimal(one.place.string()), hexadecimal(one.unless.string())});
  return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<LockText> LockText::read(const std::string& text) {
  try {
    const nlohmann::json json = parse_json(text.substr(0, text.find('\n')));  // a longer text before may show below
    const auto owner = Owner::from(json);
    if (!owner || json.at("form") != kForm) return std::nullopt;
    LockText result{*owner, json.at("locked"), {}};
    for (const auto& one : json.at("placed"))
      result.placed.push_back({one.at(0), one.at(1), one.at(2), bytes_of(one.at(3)), bytes_of(one.at(4))});
    return result;
  } catch (const std::exception&) {  // not JSON, or other types than ours
    return std::nullopt;
  }
}

LockFile::LockFile(const fs::path& path, const fs::path& target) : path_(path), target_(target) {
  try {
    for (int i = 0; !try_once(); ++i) {
      if (i >= kTries) refuse_held(target_, LockText::read(contents(fd_)));
      close(std::exchange(fd_, -1));
      std::this_thread::sleep_for(kPause);
    }
    write({});
    if (!locked_) {  // two may have come at once
      std::this_thread::sleep_for(kPause);
      const auto said = LockText::read(contents(fd_));
      if (!said || !(said->owner == Owner::self())) refuse_held(target_, said);
    }
  } catch (...) {
    if (fd_ >= 0) close(fd_);
    throw;
  }
}

LockFile::~LockFile() {
  if (fd_ < 0) return;
  unlink(path_.c_str());
  close(fd_);
}

/// Whether the file is ours now. It may have been removed between opening and locking it: then a new one has to be made.
bool LockFile::try_once() {
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (fd_ < 0 && (errno == EMFILE || errno == ENFILE)) refuse_writing(path_, errno);
  if (fd_ < 0) refuse_output(target_, errno);
  struct stat open_file {
  }, named{};
  if (fstat(fd_, &open_file) != 0 || !S_ISREG(open_file.st_mode)) refuse(target_, "'" + path_.string() + "' is in the way");
  locked_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
  const bool held = !locked_ && errno == EWOULDBLOCK;
  const std::string text = contents(fd_);
  const auto said = LockText::read(text);
  if (held) {
    if (said && life_of(said->owner) == Life::alive) refuse_held(target_, said);
    return false;
  }
  if (lstat(path_.c_str(), &named) != 0 || named.st_ino != open_file.st_ino || named.st_dev != open_file.st_dev) return false;
  if (!text.empty() && !said) refuse(target_, "'" + path_.string() + "' is in the way, which is not a reservation");
  const bool another = said && !(said->owner == Owner::self());
  if (another && !(said->locked && locked_) && life_of(said->owner) == Life::alive) refuse_held(target_, said);
  if (said && open_file.st_uid == geteuid()) left_ = said->placed;  // whoever plants a list must not make us remove anything
  identity_ = {named.st_dev, named.st_ino};
  return true;
}

void LockFile::write(const std::vector<Placed>& placed) {
  const std::string text = LockText{Owner::self(), locked_, placed}.write();
  const auto fail = [&] { refuse_writing(path_, errno); };
  // The longer text first and then the cut: whatever moment a kill comes at, the file is a text or begins with one.
  const ssize_t done = pwrite(fd_, text.data(), text.size(), 0);
  if (done != static_cast<ssize_t>(text.size())) {
    if (done >= 0) errno = ENOSPC;
    const int error = errno;
    unlink(path_.c_str());
    errno = error;
    fail();
  }
  if (ftruncate(fd_, static_cast<off_t>(text.size())) != 0 || (!placed.empty() && fsync(fd_) != 0 && errno != EINVAL)) fail();
}

std::optional<LockLook> look_at_lock(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const std::unique_ptr<const int, void (*)(const int*)> closing(&fd, [](const int* open_file) { close(*open_file); });
  const auto said = LockText::read(contents(fd));
  if (!said) return std::nullopt;
  struct stat status {};
  LockLook look{*said, false};
  if (fstat(fd, &status) != 0 || status.st_uid != geteuid()) look.text.placed.clear();
  const Life life = life_of(said->owner);
  if (said->owner == Owner::self()) return look;
  look.held = life == Life::alive;
  // A lock that is only looked at may get into the way of whoever wants it: so only where nothing else tells.
  if (life == Life::elsewhere && flock(fd, LOCK_SH | LOCK_NB) != 0) look.held = errno == EWOULDBLOCK;
  return look;
}

}  // namespace torchport::runtime
