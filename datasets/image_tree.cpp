#include "datasets/image_tree.h"

#include "datasets/images/decode.h"
#include "runtime/error.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// Names end up in JSON, which is UTF-8.
bool is_utf8(const std::string& text) {
  try {
    nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace

std::vector<std::string> find_images(const fs::path& root, std::string_view what) {
  std::vector<std::string> images;
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
      if (!has_image_extension(entry.path().filename().string()) || entry.is_directory()) continue;
      images.push_back(entry.path().lexically_relative(root).generic_string());
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

std::string_view class_of(std::string_view file) { return file.substr(0, file.find('/')); }

}  // namespace torchport::datasets
