// One COCO file, annotated for classification: its images, its categories, and which image has which. Read row by row, so that what
// is kept decides on the memory. Called by the format coco.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torchport::datasets {

struct CocoFile {
  struct Image {
    std::int64_t id;
    std::string file;                 ///< as it is written
    std::vector<std::string> urls{};  ///< coco_url and absolute_url, where they are there
  };
  std::vector<Image> images;                                 ///< each id once, in the file's order
  std::vector<std::pair<std::int64_t, std::int64_t>> found;  ///< image id and category id, each image once, in the order of ids
  std::map<std::int64_t, std::string> categories;            ///< by id
  std::string strangers;                                     ///< words for annotations of images that are not listed; or ""

  /// The id of the image's category, if it has one.
  std::optional<std::int64_t> category_of(std::int64_t image) const;
};

/// Reads a JSON file; nothing where it is something else than COCO. NaN, a byte order mark, and whole numbers written as 1.0 or "1"
/// are understood. \throws Error InvalidDataset.coco where it looks like COCO but cannot be used; .annotation_type, .web_images;
/// CouldNotOpenFile.file
std::optional<CocoFile> read_coco_file(const std::filesystem::path& file);

/// Whether a file has words of one in it, though it may be no JSON.
bool looks_like_coco(const std::filesystem::path& file);

}  // namespace torchport::datasets
