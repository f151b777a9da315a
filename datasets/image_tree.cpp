#include "datasets/image_tree.h"

#include "datasets/images/decode.h"
#include "runtime/error.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMacLeftovers = "__MACOSX";  // what the Finder adds to archives

}  // namespace

std::vector<std::string> find_images(const fs::path& root, std::string_view what) {
  std::vector<std::string> images;
  try {
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
      if (entry.depth() == 0 && entry->path().filename() == kMacLeftovers) entry.disable_recursion_pending();
      if (!has_image_extension(entry->path().filename().string()) || entry->is_directory()) continue;
      images.push_back(entry->path().lexically_relative(root).generic_string());
      if (!is_utf8(images.back())) {
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

fs::path image_root(fs::path folder) {
  const fs::path top = folder;
  while (true) {
    std::vector<fs::directory_entry> entries;
    bool folders = false;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename() == kMacLeftovers) continue;
      entries.push_back(entry);
      folders = folders || entry.is_directory();
    }
    if (!folders && folder != top) return folder.parent_path();
    if (entries.size() != 1 || !folders || entries[0].is_symlink()) return folder;
    folder = entries[0].path();
  }
}

std::vector<std::string> keep_readable(const fs::path& root, const std::vector<std::string>& images, runtime::Log* log) {
  std::vector<std::string> kept;
  for (const std::string& image : images) {
    try {
      read_file_header(root / image);
      kept.push_back(image);
    } catch (const std::runtime_error& error) {
      if (log) log->warning((root / image).string() + " is left out: " + error.what());
    }
  }
  return kept;
}

bool is_utf8(const std::string& text) {
  try {
    nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

std::string_view class_of(std::string_view file) { return file.substr(0, file.find('/')); }

}  // namespace torchport::datasets
