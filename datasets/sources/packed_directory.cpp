#include "datasets/sources/packed_directory.h"

#include "datasets/directory/image_directory.h"
#include "datasets/directory/unlisted.h"
#include "datasets/sources/image_tree.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

std::string existing_file(const ImageDirectory& images, std::size_t row) {
  try {
    if (fs::is_regular_file(images.path(row))) return std::string(images.file(row));
  } catch (const std::runtime_error&) {  // it leads out of the folder
  }
  throw runtime::Error(
      "InvalidDataset.broken_index",
      {{"what", "input"}, {"path", images.root().string()}, {"reason", "'" + std::string(images.file(row)) + "' is not there"}});
}

}  // namespace

ImageSource packed_directory(const fs::path& root, int threads) {
  ImageSource source;
  const auto images = std::make_shared<const ImageDirectory>(ImageDirectory::open(root, "input"));
  std::vector<std::string> files;
  for (std::size_t row = 0; row < images->size(); ++row) files.push_back(existing_file(*images, row));
  const ReadableImages kept = keep_readable(root, files, threads, source.account, nullptr);
  std::size_t row = 0;
  for (std::size_t k = 0; k < kept.files.size(); ++k, ++row) {
    while (files[row] != kept.files[k]) ++row;  // both are in the order of the index
    const auto label = images->labelled() ? std::optional(images->label(row)) : std::nullopt;
    source.items.push_back({files[row], label, (root / files[row]).string(), kept.sizes[k]});
    source.rows.push_back(static_cast<std::uint32_t>(row));
  }
  if (images->labelled()) {
    source.categories.emplace();
    for (const Category& category : images->categories()) source.categories->push_back(category.name);
  }
  for (const std::string& file : unlisted_files(*images)) source.account.leave_out("not named by the index", file);
  source.directory = images;
  return source;
}

}  // namespace torchport::datasets
