#include "runtime/files/stamp.h"

#include <sys/stat.h>

namespace torchport::runtime {

std::optional<Stamp> stamp_of(const std::filesystem::path& file) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (status.st_mtim.tv_sec / 9 > kBillion || status.st_mtim.tv_sec / 9 < -kBillion) return std::nullopt;  // beyond the year 2255
  return Stamp{status.st_size, status.st_mtim.tv_sec * kBillion + status.st_mtim.tv_nsec};
}

}  // namespace torchport::runtime
