#include "datasets/sources/image_tree.h"

#include <mutex>

#include "datasets/codecs/sound.h"
#include "datasets/each.h"
#include "datasets/sources/image_walk.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_users(entry.path())) entries.push_back(entry);
  }
  return entries;
}

}  // namespace

ClassFolders sort_into_classes(std::vector<std::string> images) {
  ClassFolders found;
  std::set<std::string> categories;
  for (std::string& file : images) {
    const bool one_deep = std::count(file.begin(), file.end(), '/') == 1;
    if (one_deep) categories.emplace(class_of(file));
    (one_deep ? found.files : found.ignored).push_back(std::move(file));
  }
  found.categories.assign(categories.begin(), categories.end());
  return found;
}

std::string class_root(const std::vector<std::string>& images) {
  std::string root;
  while (!images.empty()) {
    const std::size_t slash = images.front().find('/', root.size());
    if (slash == std::string::npos) break;
    const std::string child = images.front().substr(0, slash + 1);
    if (!images.back().starts_with(child)) break;  // they are sorted
    const auto direct = static_cast<std::size_t>(std::count_if(
        images.begin(), images.end(), [&](const std::string& file) { return file.find('/', child.size()) == file.npos; }));
    if (2 * direct >= images.size()) break;
    root = child;
  }
  return root;
}

fs::path only_folder(fs::path folder) {
  while (true) {
    const std::vector<fs::directory_entry> entries = entries_of(folder);
    if (entries.size() != 1 || !entries[0].is_directory() || entries[0].is_symlink()) return folder;
    folder = entries[0].path();
  }
}

fs::path image_root(const fs::path& folder) {
  const fs::path deepest = only_folder(folder);
  if (deepest == folder) return folder;
  const std::vector<fs::directory_entry> entries = entries_of(deepest);
  const bool folders = std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.is_directory(); });
  return folders ? deepest : deepest.parent_path();
}

ReadableImages keep_readable(const fs::path& root, const std::vector<std::string>& images, int threads, Account& account) {
  std::vector<ImageSize> sizes(images.size());
  std::mutex mutex;
  std::map<std::size_t, std::string> faults;
  each(images.size(), threads, [&](std::size_t i) {
    try {
      const ImageHeader header = check_image_file(root / images[i]);
      sizes[i] = {header.height, header.width};
    } catch (const ImageError& error) {
      const std::lock_guard lock(mutex);
      faults[i] = error.what();
    } catch (const std::runtime_error& error) {
      throw runtime::Error("CouldNotOpenFile.input_file", {{"path", (root / images[i]).string()}, {"reason", error.what()}});
    }
  });
  ReadableImages kept;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (const auto fault = faults.find(i); fault != faults.end()) {
      account.leave_out("unreadable", images[i], fault->second);
      continue;
    }
    kept.files.push_back(images[i]);
    kept.sizes.push_back(sizes[i]);
  }
  return kept;
}

std::string_view class_of(std::string_view file) { return file.substr(0, file.find('/')); }

}  // namespace torchport::datasets
