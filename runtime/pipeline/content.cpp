#include "runtime/pipeline/content.h"

#include <sys/stat.h>

#include <ctime>

#include "runtime/error/error.h"
#include "runtime/files/sha256.h"
#include "runtime/files/stamp.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSettled = 2;  ///< seconds; the clocks of file systems are coarser than their figures

/// All that is below `path` by its relative name, itself by its own name where it is a file, sorted.
std::vector<std::pair<std::string, fs::path>> entries(const fs::path& path) {
  std::vector<std::pair<std::string, fs::path>> found;
  if (!fs::is_directory(path)) return {{path.filename().string(), path}};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path))
    found.emplace_back(entry.path().string().substr(path.string().size()), entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Look look_at(const fs::path& path) try {
  if (!fs::exists(path)) return {};
  std::string all;
  std::int64_t newest = 0;
  for (const auto& [name, entry] : entries(path)) {
    struct stat status {};
    if (stat(entry.c_str(), &status) != 0) continue;  // a link to nowhere
    newest = std::max<std::int64_t>(newest, status.st_mtim.tv_sec);
    all += name + '\0';
    for (const auto number : {static_cast<std::int64_t>(status.st_mode & S_IFMT), static_cast<std::int64_t>(status.st_size),
                              static_cast<std::int64_t>(status.st_ino), static_cast<std::int64_t>(status.st_mtim.tv_sec),
                              static_cast<std::int64_t>(status.st_mtim.tv_nsec)})
      all += std::to_string(number) + ' ';
    all += '\n';
  }
  return {sha256_of(all), newest + kSettled < static_cast<std::int64_t>(std::time(nullptr))};
} catch (const fs::filesystem_error&) {
  return {};
}

std::string content_of(const fs::path& path) try {
  if (!fs::exists(path)) throw Error("CouldNotOpenFile.file", {{"path", path.string()}, {"reason", std::strerror(ENOENT)}});
  std::string all;
  for (const auto& [name, entry] : entries(path)) {
    if (!fs::is_regular_file(entry) || entry == path / kStampList) continue;
    const std::string hash = sha256(entry);
    if (hash.empty()) throw Error("CouldNotOpenFile.file", {{"path", entry.string()}, {"reason", "it cannot be read"}});
    all += name + '\0' + hash + '\n';
  }
  return sha256_of(all);
} catch (const fs::filesystem_error& error) {
  throw Error("CouldNotOpenFile.file", {{"path", error.path1().string()}, {"reason", error.code().message()}});
}

}  // namespace torchport::runtime
