// Any folder with images, at whatever depth: they get no labels.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"

namespace torchport::datasets {

std::optional<ImageSource> flat(const SourceOptions& options) {
  const std::filesystem::path root = image_root(options.path);
  const ReadableImages images = keep_readable(root, find_images(root, "input"), options.threads, options.log);
  if (images.files.empty()) return std::nullopt;
  ImageSource source;
  for (std::size_t i = 0; i < images.files.size(); ++i)
    source.items.push_back({images.files[i], std::nullopt, (root / images.files[i]).string(), images.sizes[i]});
  return source;
}

}  // namespace torchport::datasets
