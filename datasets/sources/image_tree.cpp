#include "datasets/sources/image_tree.h"

#include <mutex>

#include "datasets/codecs/sound.h"
#include "datasets/each.h"
#include "runtime/error/error.h"
#include "runtime/files/output_directory.h"
#include "runtime/text/utf8.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// Whether an entry at the top belongs to somebody else: the Finder, or an output that is being made in the same folder.
bool is_foreign(const fs::path& entry) { return entry.filename() == kMacLeftovers || runtime::is_staging(entry); }

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_foreign(entry.path())) entries.push_back(entry);
  }
  return entries;
}

}  // namespace

std::vector<std::string> find_images(const fs::path& root, std::string_view what) {
  std::vector<std::string> images;
  const std::size_t inside = (root / "").native().size();
  try {
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
      if (entry.depth() == 0 && is_foreign(entry->path())) entry.disable_recursion_pending();
      if (!has_image_extension(entry->path().filename().string()) || entry->is_directory()) continue;
      images.push_back(entry->path().native().substr(inside));
      if (!runtime::is_utf8(images.back())) {
        throw runtime::Error("InvalidDataset.bad_name",
                             {{"what", std::string(what)}, {"file", images.back()}, {"path", root.string()}});
      }
    }
  } catch (const fs::filesystem_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", error.path1().string()}, {"reason", error.code().message()}});
  }
  std::sort(images.begin(), images.end());  // whatever the order of the file system
  return images;
}

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

ReadableImages keep_readable(const fs::path& root, const std::vector<std::string>& images, int threads, runtime::Log* log) {
  std::vector<ImageSize> sizes(images.size());
  std::mutex mutex;
  std::map<std::size_t, std::string> faults;
  each(images.size(), threads, [&](std::size_t i) {
    try {
      const ImageHeader header = check_image_file(root / images[i]);
      sizes[i] = {header.height, header.width};
    } catch (const std::runtime_error& error) {
      const std::lock_guard lock(mutex);
      faults[i] = error.what();
    }
  });
  ReadableImages kept;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto fault = faults.find(i);
    if (fault == faults.end()) {
      kept.files.push_back(images[i]);
      kept.sizes.push_back(sizes[i]);
    } else if (log) {
      log->warning((root / images[i]).string() + " is left out: " + fault->second);
    }
  }
  return kept;
}

std::string_view class_of(std::string_view file) { return file.substr(0, file.find('/')); }

}  // namespace torchport::datasets
