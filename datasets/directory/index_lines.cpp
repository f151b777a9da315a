#include "datasets/directory/index_lines.h"

#include <nlohmann/json.hpp>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/typed_directory.h"
#include "runtime/files/unreadable_file.h"
#include "runtime/text/json.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kMaxIndex = std::size_t{8} << 30;  ///< bytes; the directory was read of it

using Json = nlohmann::ordered_json;  // keys stay in their order

/// As Python's json.dumps writes it: with ", " and ": ", and everything beyond ASCII escaped.
std::string text_of(const Json& value) {
  if (!value.is_structured()) return value.dump(-1, ' ', true);
  const bool object = value.is_object();
  std::string text;
  for (const auto& [key, item] : value.items()) {
    if (!text.empty()) text += ", ";
    if (object) text += Json(key).dump(-1, ' ', true) + ": ";
    text += text_of(item);
  }
  return (object ? "{" : "[") + text + (object ? "}" : "]");
}

}  // namespace

IndexLines::IndexLines(const ImageDirectory& images) : image_key_(images.image_key()) {
  const auto meta = runtime::read_meta(images.root(), "InvalidDataset", images.what());
  std::string reason = "it was changed meanwhile";
  try {
    text_ = runtime::read_file(runtime::resolve_inside(images.root(), meta.get("image_list")), kMaxIndex);
  } catch (const runtime::UnreadableFile& error) {
    reason = "'" + meta.get("image_list") + "': " + error.what();
  }
  for (std::size_t begin = 0; begin < text_.size(); begin = ends_.back())
    ends_.push_back(std::min(text_.find('\n', begin), text_.size() - 1) + 1);
  if (ends_.size() == images.size()) return;
  throw runtime::Error("InvalidDataset.broken_index",
                       {{"what", images.what()}, {"path", images.root().string()}, {"reason", reason}});
}

std::string IndexLines::line(std::size_t row) const {
  const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
  std::string line = text_.substr(begin, ends_[row] - begin);
  if (line.back() != '\n') line += '\n';
  return line;
}

std::string IndexLines::renamed(std::size_t row, const std::string& file_name, ImageSize size) const {
  Json line = runtime::parse_ordered_json(this->line(row), {});
  Json& image = line[image_key_];
  image["file_name"] = file_name;
  image.erase("coco_url");
  if (image.contains("width")) image["width"] = size.width;
  if (image.contains("height")) image["height"] = size.height;
  return text_of(line) + "\n";
}

std::string IndexLines::members(std::size_t row) const {
  Json line = runtime::parse_ordered_json(this->line(row), {});
  line.erase(image_key_);
  line.erase("id");
  const std::string text = text_of(line);
  return text.substr(1, text.size() - 2);
}

}  // namespace torchport::datasets
