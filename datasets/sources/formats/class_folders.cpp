// One folder for each category, with the images directly in it.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"

namespace torchport::datasets {

std::optional<ImageSource> class_folders(const SourceOptions& options) {
  const std::filesystem::path root = image_root(options.path);
  const ClassFolders named = sort_into_classes(find_images(root, "input"));
  const ReadableImages readable = keep_readable(root, named.files, options.threads, options.log);
  const ClassFolders folders = sort_into_classes(readable.files);  // the same files: each lies in a class folder
  if (folders.categories.empty()) return std::nullopt;
  ImageSource source;
  source.categories = folders.categories;
  for (std::size_t i = 0; i < folders.files.size(); ++i) {
    const std::string& file = folders.files[i];
    const auto category = std::lower_bound(folders.categories.begin(), folders.categories.end(), class_of(file));
    const auto label = static_cast<std::int32_t>(category - folders.categories.begin());
    source.items.push_back({file, label, (root / file).string(), readable.sizes[i]});
  }
  if (options.log && !named.ignored.empty()) {
    options.log->warning(std::to_string(named.ignored.size()) +
                         " images that are not exactly one folder deep are ignored, the first is " +
                         (root / named.ignored.front()).string());
  }
  return source;
}

}  // namespace torchport::datasets
