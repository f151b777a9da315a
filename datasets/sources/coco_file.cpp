#include "datasets/sources/coco_file.h"

#include <cmath>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/pieces.h"
#include "runtime/text/json_rows.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using nlohmann::json;
using runtime::Error;
namespace {

constexpr std::size_t kLongestWord = 16;                  ///< bytes of a key in quotes
constexpr runtime::JsonLimits kRowLimits{32, 1'000'000};  ///< a segmentation may have many points
constexpr std::size_t kShown = 3;                         ///< ids in a message
constexpr double kLargestExact = 9007199254740992.0;      ///< 2^53: above, a float is not one whole number

/// Keys of annotations that say more than a category, and what they annotate for.
constexpr std::pair<const char*, const char*> kOtherKinds[] = {
    {"caption", "captions"}, {"keypoints", "keypoints"}, {"segmentation", "segmentation"}, {"bbox", "object detection"}};

[[noreturn]] void fail(const fs::path& file, const std::string& reason) {
  throw Error("InvalidDataset.coco", {{"path", file.string()}, {"reason", reason}});
}

/// A whole number, also as a float or in quotes.
std::optional<std::int64_t> plain_number(const json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) != number || std::abs(number) > kLargestExact) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_string()) return runtime::whole_number(value);
  const auto& digits = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

/// Whether an entry says nothing: absent, null, or without content.
bool blank(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->empty() || *found == "";
}

class Reader : public runtime::JsonRows {
 public:
  explicit Reader(fs::path file) : file_(std::move(file)) {}

  std::optional<CocoFile> read() {
    if (!read_rows() || !is_coco()) return std::nullopt;
    for (const char* list : {"images", "annotations"}) {
      const auto kind = sections_.find(list);
      if (kind == sections_.end()) fail(file_, "it has no list '" + std::string(list) + "'");
      if (kind->second != Kind::list) fail(file_, "its '" + std::string(list) + "' is not a list");
    }
    if (problem_) throw Error(*problem_);
    settle();
    return std::move(coco_);
  }

 private:
  bool section(const std::string& key, Kind kind) override {
    section_ = key;
    if (key != "images" && key != "annotations" && key != "categories") return false;
    sections_[key] = kind;
    return true;
  }

  /// Other JSON files may lie here: what is wrong with one is told once it has turned out to be COCO.
  void row(const json& value) override {
    try {
      if (!value.is_object()) return refuse("a row of " + section_ + " is not an object");
      if (section_ == "images") take_image(value);
      if (section_ == "annotations" && !problem_) take_annotation(value);
      if (section_ == "categories" && !problem_) take_category(value);
    } catch (const Error& error) {
      if (!problem_) problem_ = error;
    }
  }

  bool read_rows() {
    try {
      runtime::FilePieces pieces(file_);
      return runtime::read_json_rows([&] { return pieces.next(); }, *this, kRowLimits);
    } catch (const runtime::JsonError& error) {
      if (!sections_.empty() || looks_like_coco(file_)) fail(file_, error.what());
      return false;
    } catch (const std::runtime_error& error) {
      throw Error("CouldNotOpenFile.file", {{"path", file_.string()}, {"reason", error.what()}});
    }
  }

  /// Two of its lists, or images with names.
  bool is_coco() const { return sections_.size() > 1 || named_; }

  [[noreturn]] void refuse(const std::string& reason) const { fail(file_, reason); }
  std::string described(const json& object) const {
    const auto id = object.find("id");
    return "a row of " + section_ + (id != object.end() && id->is_primitive() ? " (id " + id->dump() + ")" : "");
  }
  std::int64_t integer(const json& object, const char* key) const {
    const auto found = object.find(key);
    const auto number = found == object.end() ? std::nullopt : plain_number(*found);
    if (!number) refuse(described(object) + " has no whole number '" + key + "'");
    return *number;
  }
  std::string text(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string() || *found == "") refuse(described(object) + " has no text '" + key + "'");
    if (found->get_ref<const std::string&>().find('\0') != std::string::npos)
      refuse(described(object) + " has a zero byte in its '" + key + "'");
    return found->get<std::string>();
  }

  void take_image(const json& object) {
    if (object.contains("file_name")) named_ = true;
    if (problem_) return;
    const std::int64_t id = integer(object, "id");
    if (blank(object, "file_name") && object.contains("coco_url"))
      throw Error("InvalidDataset.web_images", {{"what", "input"}, {"path", file_.string()}});
    coco_.images.push_back({id, text(object, "file_name"), {}});
    for (const char* const key : {"coco_url", "absolute_url"})
      if (!blank(object, key) && object[key].is_string()) coco_.images.back().urls.push_back(object[key].get<std::string>());
  }

  void take_annotation(const json& object) {
    for (const auto& [key, kind] : kOtherKinds) {
      if (blank(object, key)) continue;
      throw Error("InvalidDataset.annotation_type", {{"what", "input"}, {"path", file_.string()}, {"found", kind}});
    }
    coco_.found.emplace_back(integer(object, "image_id"), integer(object, "category_id"));
  }

  void take_category(const json& object) {
    const std::int64_t id = integer(object, "id");
    const auto number = object.find("name") != object.end() ? runtime::whole_number(object["name"]) : std::nullopt;
    const std::string name = number ? std::to_string(*number) : text(object, "name");
    if (!names_.insert(name).second || !coco_.categories.emplace(id, name).second)
      refuse("the category '" + name + "' (id " + std::to_string(id) + ") is there twice");
  }

  /// What only the whole file tells.
  void settle() {
    std::vector<std::int64_t> ids;
    for (const CocoFile::Image& image : coco_.images) ids.push_back(image.id);
    std::sort(ids.begin(), ids.end());
    if (const auto twice = std::adjacent_find(ids.begin(), ids.end()); twice != ids.end())
      refuse("the image id " + std::to_string(*twice) + " is there twice");
    auto& found = coco_.found;
    const std::size_t all = found.size();
    std::set<std::int64_t> strangers;
    const auto unknown = [&](const auto& one) {
      const bool known = std::binary_search(ids.begin(), ids.end(), one.first);
      if (!known && strangers.size() < kShown) strangers.insert(one.first);
      return !known;
    };
    const std::size_t lost = std::erase_if(found, unknown);
    if (lost > 0 && found.empty() && !ids.empty())
      refuse("no annotation belongs to a listed image: annotations name the image ids " + shown(strangers) + ", but images has " +
             shown({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, ids.size()))}));
    if (lost > 0)
      coco_.strangers = std::to_string(lost) + " of " + std::to_string(all) +
                        " annotations belong to images that are not listed: ids " + shown(strangers);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    const auto same_image = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (const auto twice = std::adjacent_find(found.begin(), found.end(), same_image); twice != found.end())
      refuse("image " + std::to_string(twice->first) + " has more than one category");
    for (const auto& [image, category] : found)
      if (!coco_.categories.contains(category)) refuse("the category id " + std::to_string(category) + " is not listed");
  }

  static std::string shown(const std::set<std::int64_t>& ids) {
    std::string text;
    for (const std::int64_t id : ids) text += (text.empty() ? "" : ", ") + std::to_string(id);
    return ids.size() < kShown ? text : text + " ...";
  }

  fs::path file_;
  CocoFile coco_;
  std::string section_;
  std::map<std::string, Kind> sections_;
  std::set<std::string> names_;
  std::optional<Error> problem_;
  bool named_ = false;
};

}  // namespace

std::optional<std::int64_t> CocoFile::category_of(std::int64_t image) const {
  const auto row = std::lower_bound(found.begin(), found.end(), std::pair(image, INT64_MIN));
  return row != found.end() && row->first == image ? std::optional(row->second) : std::nullopt;
}

std::optional<CocoFile> read_coco_file(const fs::path& file) { return Reader(file).read(); }

bool looks_like_coco(const fs::path& file) {
  constexpr std::array<std::string_view, 6> kWords = {"images",    "annotations", "categories",
                                                      "file_name", "image_id",    "category_id"};
  std::array<bool, kWords.size()> found{};
  try {
    runtime::FilePieces pieces(file);
    std::string text;  // the end of the piece before, and a piece
    for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
      if (piece.find_first_not_of('\0') == piece.npos) return false;  // a hole of whatever size
      text += piece;
      std::erase(text, '\0');  // of UTF-16
      for (std::size_t i = 0; i < kWords.size(); ++i) {
        for (const char* quote : {"\"", "'"}) found[i] |= text.find(quote + std::string(kWords[i]) + quote) != text.npos;
      }
      if (std::count(found.begin(), found.end(), true) > 1) return true;
      text.erase(0, text.size() - std::min(kLongestWord, text.size()));
    }
  } catch (const std::runtime_error&) {  // told by whoever needs it
  }
  return false;
}

}  // namespace torchport::datasets
