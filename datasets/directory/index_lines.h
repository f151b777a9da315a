// The lines of a directory's index as they stand: what they say beyond image, id and category is handed on.
// Used by Split, and by Apply for annotations other than categories.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/directory/image_directory.h"

namespace torchport::datasets {

class IndexLines {
 public:
  /// Of a directory with metadata. \throws Error InvalidDataset.broken_index where the index is another meanwhile
  explicit IndexLines(const ImageDirectory& images);
  /// With its line feed.
  std::string line(std::size_t row) const;
  /// The same with the file's new name, without what says where else the image is, and with its new size where it says one.
  std::string renamed(std::size_t row, const std::string& file_name, ImageSize size) const;
  /// Its keys beside the image and the id, with their values, as the members of a JSON object: `"category": "cat"`.
  std::string members(std::size_t row) const;

 private:
  std::string image_key_, text_;
  std::vector<std::size_t> ends_;  ///< of each line
};

}  // namespace torchport::datasets
