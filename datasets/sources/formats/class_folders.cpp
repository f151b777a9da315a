// One folder for each category, with the images directly in it.
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/lost_categories.h"
#include "datasets/sources/parts.h"
#include "datasets/sources/twins.h"

namespace torchport::datasets {
std::optional<ImageSource> class_folders(const SourceOptions& options) {
  ImageWalk walk = walk_images(options.path, {"input", options.links, options.path, options.own});
  const std::string top = class_root(walk.images);
  for (std::string& file : walk.images) file.erase(0, top.size());
  refuse_parts(walk.images, top, options);
  const ClassFolders named = sort_into_classes(std::move(walk.images));
  ImageSource source;
  source.account = std::move(walk.account);
  const std::filesystem::path root = options.path / top.substr(0, top.empty() ? 0 : top.size() - 1);
  const ReadableImages readable = keep_readable(root, named.files, options.threads, source.account, options.log);
  const ClassFolders folders = sort_into_classes(readable.files);  // the same files: each lies in a class folder
  if (folders.categories.empty()) return std::nullopt;
  for (const std::string& file : named.ignored) source.account.leave_out("not exactly one folder deep", file);
  account_for_lost(walk.folders, top, named, folders.categories, source.account);
  remark_twins(folders.categories, source.account);
  source.categories = folders.categories;
  for (std::size_t i = 0; i < folders.files.size(); ++i) {
    const std::string& file = folders.files[i];
    const auto category = std::lower_bound(folders.categories.begin(), folders.categories.end(), class_of(file));
    const auto label = static_cast<std::int32_t>(category - folders.categories.begin());
    source.items.push_back({file, label, (root / file).string(), readable.sizes[i], readable.stored[i]});
  }
  return source;
}

}  // namespace torchport::datasets
