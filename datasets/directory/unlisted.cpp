#include "datasets/directory/unlisted.h"

#include <unordered_set>

#include "runtime/error/error.h"
#include "runtime/files/typed_directory.h"

namespace torchport::datasets {
namespace fs = std::filesystem;

std::vector<std::string> unlisted_files(const ImageDirectory& images) {
  std::vector<std::string> found;
  if (images.raw()) return found;
  std::unordered_set<std::string> listed;
  for (std::size_t i = 0; i < images.size(); ++i) listed.emplace(fs::path(images.file(i)).lexically_normal().string());
  const runtime::DirectoryMeta meta = runtime::read_meta(images.root(), "InvalidDataset", images.what());
  for (const auto& [key, name] : meta.entries) listed.insert(name);
  const std::size_t inside = (images.root() / "").native().size();
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(images.root())) {
      const std::string name = entry.path().native().substr(inside);
      if (name.starts_with('_') && name.find('/') == name.npos) continue;
      if (!entry.is_directory() && !listed.contains(name)) found.push_back(name);
    }
  } catch (const fs::filesystem_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", error.path1().string()}, {"reason", error.code().message()}});
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace torchport::datasets
