#include "runtime/files/leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/error/error.h"
#include "runtime/files/reservation.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSuffix = 8;  ///< of random_suffix()
constexpr std::string_view kLock = ".torchport-", kLockEnd = ".lock";

bool is_temporary(const std::string& file, const std::string& name) {
  const std::size_t end = 1 + kSuffix + kTemporary.size();  // ".01234567.tmp"
  if (!file.starts_with('.') || !file.ends_with(kTemporary) || file.size() <= 1 + end || file[file.size() - end] != '.')
    return false;
  const std::string_view suffix = std::string_view(file).substr(file.size() - end + 1, kSuffix);
  if (suffix.find_first_not_of("0123456789abcdefghijklmnopqrstuv") != std::string_view::npos) return false;
  return name.empty() || file.substr(1, file.size() - 1 - end) == name;
}

}  // namespace

fs::path target_of(const fs::path& path) {
  const std::string file = path.filename().string();
  return is_temporary(file, "") ? path.parent_path() / file.substr(1, file.size() - (2 + kSuffix + kTemporary.size())) : path;
}

void remove_temporaries(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    if (!is_temporary(entry->path().filename().string(), name)) continue;
    const int fd = open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) continue;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlink(entry->path().c_str());
    close(fd);
  }
}

void clear_leftovers(const fs::path& folder) {
  remove_temporaries(folder, "");
  std::error_code ignored;
  std::vector<fs::path> targets;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kLock) && name.ends_with(kLockEnd) && name.size() > kLock.size() + kLockEnd.size())
      targets.push_back(folder / name.substr(kLock.size(), name.size() - kLock.size() - kLockEnd.size()));
  }
  for (const fs::path& target : targets) {
    try {
      Reservations taken_over;
      taken_over.add(target);
    } catch (const Error&) {  // its run lives, or it is no reservation
    }
  }
}

}  // namespace torchport::runtime
