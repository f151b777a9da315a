// Any folder with images, at whatever depth: they get no labels.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"

namespace torchport::datasets {

std::optional<ImageSource> flat(const SourceOptions& options) {
  const std::filesystem::path root = image_root(options.path);
  const std::vector<std::string> images = keep_readable(root, find_images(root, "input"), options.log);
  if (images.empty()) return std::nullopt;
  ImageSource source;
  for (const std::string& file : images) source.items.push_back({file, std::nullopt, (root / file).string()});
  return source;
}

}  // namespace torchport::datasets
