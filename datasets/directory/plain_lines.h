// Lines of an index in the form in which the original and torchport write them, read without a JSON parser: an index of a million
// lines is opened by each check and each component. Called by the reader of image directories.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torchport::datasets {

struct PlainLine {
  std::string_view file, label;  ///< parts of the line; `label` is empty where the index has none
  std::int64_t id = 0;
};

class PlainLines {
 public:
  /// The index's keys of the image and of the label; the latter is empty where there are no labels.
  PlainLines(std::string_view image_key, std::string_view label_key);
  /// What index_line() made `line` of, without its line feed; nothing for any other line, which may be right all the same.
  std::optional<PlainLine> read(std::string_view line) const;

 private:
  std::string start_, before_label_;
  bool labelled_, usable_;
};

}  // namespace torchport::datasets
