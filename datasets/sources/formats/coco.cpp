// A COCO file (JSON with images, annotations and categories) beside its images, annotated for classification: one category an
// image.
#include "datasets/codecs/header.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 30;

/// Keys of annotations that say more than a category, and what they annotate for.
constexpr std::pair<const char*, const char*> kOtherKinds[] = {
    {"caption", "captions"}, {"keypoints", "keypoints"}, {"segmentation", "segmentation"}, {"bbox", "object detection"}};

/// The parts of a COCO file that count. Each object is forgotten once it was read, so that the text alone determines the memory.
class CocoReader {
 public:
  struct Image {
    std::int64_t id;
    std::string file;
  };
  std::vector<Image> images;
  std::map<std::int64_t, std::int64_t> category_of;  ///< by image id
  std::map<std::int64_t, std::string> categories;    ///< by COCO's id

  explicit CocoReader(fs::path file) : file_(std::move(file)) {}

  /// Whether it is a COCO file. \throws Error InvalidDataset.coco, annotation_type where it is, but unfit for classification
  bool read() {
    std::string text;
    try {
      text = runtime::read_file(file_, kMostBytes);
    } catch (const std::runtime_error& error) {
      throw runtime::Error("CouldNotOpenFile.file", {{"path", file_.string()}, {"reason", error.what()}});
    }
    const auto take = [this](int depth, json::parse_event_t event, json& value) {
      if (depth == 1 && event == json::parse_event_t::key) section_ = value.get<std::string>();
      if (depth == 1 && event == json::parse_event_t::array_start) lists_.insert(section_);
      if (depth != 2 || event != json::parse_event_t::object_end) return true;
      if (!problem_) take_object(value);
      return false;
    };
    if (json::parse(text, take, false).is_discarded() || !lists_.contains("images") || !lists_.contains("annotations"))
      return false;
    if (problem_) throw runtime::Error(*problem_);
    return true;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw runtime::Error("InvalidDataset.coco", {{"path", file_.string()}, {"reason", reason}});
  }

 private:
  /// Other JSON files may lie here: what is wrong with one is told once it has turned out to be COCO.
  void take_object(const json& object) {
    try {
      if (section_ == "images") take_image(object);
      if (section_ == "annotations") take_annotation(object);
      if (section_ == "categories") take_category(object);
    } catch (const runtime::Error& error) {
      problem_ = error;
    }
  }

  std::int64_t integer(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) fail(described(object) + " has no whole number '" + key + "'");
    return found->get<std::int64_t>();
  }
  std::string text(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string() || *found == "") fail(described(object) + " has no text '" + key + "'");
    return found->get<std::string>();
  }
  std::string described(const json& object) const {
    const auto id = object.find("id");
    return "a row of " + section_ + (id != object.end() && id->is_number_integer() ? " (id " + id->dump() + ")" : "");
  }

  void take_image(const json& object) {
    images.push_back({integer(object, "id"), ""});
    const auto file = object.find("file_name");
    if (file == object.end() && object.contains("coco_url")) {
      throw runtime::Error("InvalidDataset.web_images", {{"what", "input"}, {"path", file_.string()}});
    }
    images.back().file = text(object, "file_name");
  }

  void take_annotation(const json& object) {
    for (const auto& [key, kind] : kOtherKinds) {
      const auto found = object.find(key);
      if (found == object.end() || found->empty()) continue;
      throw runtime::Error("InvalidDataset.annotation_type", {{"what", "input"}, {"path", file_.string()}, {"found", kind}});
    }
    const std::int64_t image = integer(object, "image_id"), category = integer(object, "category_id");
    const auto known = category_of.emplace(image, category).first;
    if (known->second != category) fail("image " + std::to_string(image) + " has more than one category");
  }

  void take_category(const json& object) {
    const std::int64_t id = integer(object, "id");
    const std::string name = text(object, "name");
    if (!names_.insert(name).second || !categories.emplace(id, name).second)
      fail("the category '" + name + "' (id " + std::to_string(id) + ") is there twice");
  }

  fs::path file_;
  std::string section_;
  std::set<std::string> lists_, names_;
  std::optional<runtime::Error> problem_;
};

/// The image files, checked: inside of the folder, there, each once.
std::vector<std::string> checked_files(const CocoReader& coco, const fs::path& root) {
  std::vector<std::string> files;
  std::set<std::int64_t> ids;
  std::set<std::string> names;
  std::size_t missing = 0;
  std::string first_missing;
  for (const auto& image : coco.images) {
    try {
      if (!fs::exists(runtime::resolve_inside(root, image.file)) && missing++ == 0) first_missing = image.file;
    } catch (const std::runtime_error& error) {
      coco.fail("the file '" + image.file + "' is " + error.what());
    }
    if (!ids.insert(image.id).second) coco.fail("the image id " + std::to_string(image.id) + " is there twice");
    if (!names.insert(image.file).second) coco.fail("the file '" + image.file + "' is there twice");
    if (has_image_extension(image.file)) files.push_back(image.file);
  }
  if (missing) coco.fail(std::to_string(missing) + " image files are missing, the first is '" + first_missing + "'");
  return files;
}

ImageSource source_of(const CocoReader& coco, const fs::path& root, const SourceOptions& options) {
  runtime::Log* const log = options.log;
  ImageSource source;
  source.keeps_names = true;
  std::map<std::int64_t, std::int32_t> place;  // COCO's ids may begin at 1 and have gaps
  const bool labelled = !coco.category_of.empty();
  if (labelled) source.categories.emplace();
  for (const auto& [id, name] : coco.categories) {
    if (!labelled) break;
    place[id] = static_cast<std::int32_t>(source.categories->size());
    source.categories->push_back(name);
  }
  const ReadableImages kept = keep_readable(root, checked_files(coco, root), options.threads, source.account);
  std::map<std::string, std::size_t> readable;  // places in `kept`
  for (std::size_t i = 0; i < kept.files.size(); ++i) readable[kept.files[i]] = i;
  std::size_t bare = 0;
  for (const auto& [id, file] : coco.images) {
    const auto found = readable.find(file);
    if (found == readable.end()) continue;
    ImageSource::Item item{std::to_string(id) + fs::path(file).extension().string(), std::nullopt, (root / file).string(),
                           kept.sizes[found->second], kept.stored[found->second]};
    const auto category = coco.category_of.find(id);
    if (category != coco.category_of.end()) {
      const auto known = place.find(category->second);
      if (known == place.end()) coco.fail("the category id " + std::to_string(category->second) + " is not listed");
      item.label = known->second;
    }
    if (item.label.has_value() == labelled) {
      source.items.push_back(std::move(item));
    } else {
      ++bare;
    }
  }
  if (log && bare) log->warning(std::to_string(bare) + " images without an annotation are left out");
  return source;
}

}  // namespace

std::optional<ImageSource> coco(const SourceOptions& options) {
  const fs::path root = only_folder(options.path);
  std::set<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (entry.path().extension() == ".json" && entry.is_regular_file()) files.insert(entry.path());
  }
  for (const fs::path& file : files) {
    CocoReader coco(file);
    if (coco.read()) return source_of(coco, root, options);
  }
  return std::nullopt;
}

}  // namespace torchport::datasets
