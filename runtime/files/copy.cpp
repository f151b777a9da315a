#include "runtime/files/copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include "runtime/files/files.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// False where it cannot be: another file system, too many names, something else than a file.
bool link_file(const fs::path& from, const fs::path& to) {
  struct stat status {};
  return lstat(from.c_str(), &status) == 0 && S_ISREG(status.st_mode) && link(from.c_str(), to.c_str()) == 0;
}

}  // namespace

std::string CopyCounts::text() const {
  std::vector<std::string> parts;
  const auto add_part = [&](const char* word, std::size_t count) {
    if (count > 0) parts.push_back(std::string(word) + " " + std::to_string(count));
  };
  add_part("linked", linked);
  add_part("cloned", cloned);
  add_part("copied", copied);
  std::string text = join(parts, " and ");
  if (!text.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

CopiedBy copy_file(const fs::path& from, const fs::path& to, Sharing sharing) {
  if (sharing == Sharing::inode && link_file(from, to)) return CopiedBy::link;
  FileWriter writer(to);
  const bool cloned = writer.copy(from);
  writer.close();
  return cloned ? CopiedBy::clone : CopiedBy::bytes;
}

}  // namespace torchport::runtime
