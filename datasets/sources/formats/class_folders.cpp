// One folder for each category, with the images directly in it.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"

namespace torchport::datasets {

std::optional<ImageSource> class_folders(const SourceOptions& options) {
  const std::filesystem::path root = image_root(options.path);
  const ClassFolders named = sort_into_classes(find_images(root, "input"));
  const ClassFolders folders = sort_into_classes(keep_readable(root, named.files, options.log));
  if (folders.categories.empty()) return std::nullopt;
  ImageSource source;
  source.categories = folders.categories;
  for (const std::string& file : folders.files) {
    const auto category = std::lower_bound(folders.categories.begin(), folders.categories.end(), class_of(file));
    const auto label = static_cast<std::int32_t>(category - folders.categories.begin());
    source.items.push_back({file, label, (root / file).string()});
  }
  if (options.log && !named.ignored.empty()) {
    options.log->warning(std::to_string(named.ignored.size()) +
                         " images that are not exactly one folder deep are ignored, the first is " +
                         (root / named.ignored.front()).string());
  }
  return source;
}

}  // namespace torchport::datasets
