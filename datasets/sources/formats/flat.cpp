// Any folder with images, at whatever depth: they get no labels.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/lost_categories.h"

namespace torchport::datasets {

std::optional<ImageSource> flat(const SourceOptions& options) {
  const std::filesystem::path root = image_root(options.path);
  ImageSource source;
  ImageWalk walk = walk_images(root, {"input", options.links, options.path, options.own});
  source.account = std::move(walk.account);
  const ReadableImages images = keep_readable(root, walk.images, options.threads, source.account, options.log);
  if (images.files.empty()) account_for_lost(walk.folders, "", sort_into_classes(walk.images), {}, source.account);
  for (std::size_t i = 0; i < images.files.size(); ++i)
    source.items.push_back({images.files[i], std::nullopt, (root / images.files[i]).string(), images.sizes[i], images.stored[i]});
  return source;
}

}  // namespace torchport::datasets
