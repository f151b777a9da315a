// Opening an ImageDirectory. Where the original guesses (a wrong type, broken or missing metadata, permuted ids, blank labels,
// images on the web), this refuses and says which line is to blame.
#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/origin_list.h"
#include "datasets/directory/plain_lines.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/image_walk.h"
#include "datasets/transforms/applied.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/pieces.h"
#include "runtime/files/stamp.h"
#include "runtime/files/typed_directory.h"
#include "runtime/text/json.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using nlohmann::json;
using runtime::Error;
using runtime::Fields;
namespace {

constexpr std::size_t kMaxSchema = std::size_t{64} << 20;   ///< bytes; a million categories
constexpr std::size_t kLongestLine = std::size_t{1} << 20;  ///< of the index, bytes

}  // namespace

class ImageDirectoryReader {
 public:
  ImageDirectoryReader(const fs::path& root, std::string_view what, Annotations annotations) : annotations_(annotations) {
    images_.root_ = root;
    images_.what_ = what;
  }

  ImageDirectory read() {
    if (without_metadata()) {
      read_tree();
    } else {
      read_metadata();
    }
    images_.names_.shrink_to_fit();
    if (images_.size() == 0) fail("no_images");
    return std::move(images_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason, Fields fields = {}) const {
    fields.merge(Fields{{"what", images_.what_}, {"path", images_.root_.string()}});
    throw Error("InvalidDataset." + reason, std::move(fields));
  }

  /// A folder with other parts of an ImageDirectory has lost its metadata; it is not a tree of class folders with one class
  /// "image".
  bool without_metadata() const {
    std::error_code none;
    const fs::path& root = images_.root_;
    if (!fs::is_directory(root, none) || fs::is_empty(root, none) || fs::exists(fs::symlink_status(root / "_meta.yaml")))
      return false;
    for (const char* part : {"images.lst", "_schema.json", "_samples.json"}) {
      if (fs::exists(fs::symlink_status(root / part))) return false;
    }
    return true;
  }

  static bool leads_out(const fs::path& name) {
    return name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
  }

  void add(std::string_view file, std::int32_t label, std::int64_t id) {
    images_.names_ += file;
    images_.ends_.push_back(images_.names_.size());
    images_.labels_.push_back(label);
    images_.ids_.push_back(id);
  }

  void read_tree() {
    images_.raw_ = true;
    ImageWalk walk = walk_images(images_.root_, {images_.what_, Links::inside, {}});
    if (!walk.outside.empty()) fail("links_out", {{"count", std::to_string(walk.outside.size())}, {"file", *walk.outside.begin()}});
    ClassFolders folders = sort_into_classes(std::move(walk.images));
    images_.labelled_ = !folders.categories.empty();
    const std::vector<std::string>& files = images_.labelled_ ? folders.files : folders.ignored;
    if (files.empty()) fail("no_meta");
    for (std::string& name : folders.categories) {
      const auto id = static_cast<std::int64_t>(images_.categories_.size());
      images_.categories_.push_back({id, std::move(name)});
    }
    index_categories();
    if (images_.labelled_) images_.label_column_ = kLabelColumn;
    for (const std::string& file : files) {
      add(file, images_.labelled_ ? ids_.find(class_of(file))->second : -1, static_cast<std::int64_t>(images_.size()));
    }
  }

  void index_categories() {
    for (const Category& category : images_.categories_) ids_[category.name] = static_cast<std::int32_t>(category.id);
  }

  void read_metadata() {
    const runtime::DirectoryMeta meta = runtime::read_meta(images_.root_, "InvalidDataset", images_.what_);
    const auto entry = [&](const char* key) {
      if (meta.get(key).empty()) fail("broken_meta", {{"reason", "the key '" + std::string(key) + "' is missing"}});
      return meta.get(key);
    };
    if (entry("type") != "ImageDirectory") fail("wrong_type", {{"found", meta.type}, {"wanted", "ImageDirectory"}});
    check_names(meta);
    images_.schema_ = read_part(entry("schema"), "broken_schema");
    Schema schema = parse_schema(images_.schema_, images_.what_, images_.root_.string());
    if (!schema.other_annotation.empty() && annotations_ == Annotations::categories)
      fail("annotation_type", {{"found", schema.other_annotation}});
    images_.other_annotation_ = schema.other_annotation;
    images_.image_key_ = schema.image_key;
    images_.labelled_ = !schema.label_key.empty();
    images_.label_column_ = schema.label_key;
    images_.categories_ = std::move(schema.categories);
    index_categories();
    images_.samples_ = meta.get("samples");
    if (leads_out(images_.samples_)) fail("bad_file_name", {{"file", images_.samples_}});
    images_.extension_ = meta.extension;
    if (const auto transforms = meta.extension.find("transforms"); transforms != meta.extension.end()) {
      try {
        images_.transformation_ = Transformation::parse(transforms->second);
      } catch (const std::runtime_error& error) {
        fail("broken_meta", {{"reason", std::string("its extension 'transforms': ") + error.what()}});
      }
    }
    read_index(entry("image_list"), schema);
  }

  /// Whoever makes a directory of this one's images writes files of these names.
  void check_names(const runtime::DirectoryMeta& meta) {
    parts_ = {runtime::kMetaFile, std::string(runtime::kStampList), std::string(kOriginList), std::string(kAppliedList)};
    for (const char* key : {"image_list", "schema", "samples"}) {
      const std::string name = meta.get(key);
      if (name.empty()) continue;
      const auto refuse = [&](const std::string& reason) {
        fail("broken_meta", {{"reason", "its " + std::string(key) + " '" + name + "' is " + reason}});
      };
      try {
        runtime::resolve_inside(images_.root_, name);
      } catch (const std::runtime_error& error) {
        refuse(error.what());
      }
      if (is_part(name)) refuse("the name of another part");
      parts_.push_back(fs::path(name).lexically_normal().string());
    }
  }

  /// Whether a file of this name is one of those that make the directory.
  bool is_part(std::string_view file) const {
    const bool plain = !file.starts_with("./") && file.find("/./") == file.npos && file.find("//") == file.npos;
    const std::string normal = plain ? "" : fs::path(file).lexically_normal().string();
    return std::find(parts_.begin(), parts_.end(), plain ? file : std::string_view(normal)) != parts_.end();
  }

  std::string read_part(const std::string& name, const char* fault) const {
    try {
      return runtime::read_file(runtime::resolve_inside(images_.root_, name), kMaxSchema);
    } catch (const std::runtime_error& error) {
      fail(fault, {{"reason", "'" + name + "': " + error.what()}});
    }
  }

  void read_index(const std::string& name, const Schema& schema) {
    const PlainLines plain(schema.image_key, schema.label_key);
    try {
      runtime::FileLines lines(runtime::resolve_inside(images_.root_, name), kLongestLine);
      std::string_view line;
      for (line_ = 1; lines.next(line); ++line_) {
        if (!add_plain(plain.read(line))) read_line(line, schema);
      }
    } catch (const std::runtime_error& error) {
      fail("broken_index", {{"reason", "'" + name + "': " + error.what()}});
    }
    images_.ends_.shrink_to_fit();
    images_.labels_.shrink_to_fit();
    images_.ids_.shrink_to_fit();
  }

  [[noreturn]] void bad_line(const std::string& reason) const {
    fail("broken_index", {{"reason", "line " + std::to_string(line_) + ": " + reason}});
  }

  /// False where there is something to be said against the line, or it is not plain: read_line() knows what.
  bool add_plain(const std::optional<PlainLine>& line) {
    if (!line || line->file.starts_with('/') || line->file.find("..") != line->file.npos || is_part(line->file)) return false;
    const auto label = images_.labelled_ ? ids_.find(line->label) : ids_.end();
    if (images_.labelled_ && label == ids_.end()) return false;
    add(line->file, images_.labelled_ ? label->second : -1, line->id);
    return true;
  }

  void read_line(std::string_view text, const Schema& schema) {
    const json line = parse(text);
    if (!line.is_object()) bad_line("it is not a JSON object");
    const auto info = line.find(schema.image_key);
    if (info == line.end() || !info->is_object()) bad_line("it has no object '" + schema.image_key + "'");
    if (info->contains("base_file_name")) bad_line("base_file_name is not supported");
    const auto file = info->find("file_name");
    if (file == info->end() || !file->is_string()) bad_line("it has no text 'file_name'");
    const auto& name = file->get_ref<const std::string&>();
    if (name.empty() || leads_out(name) || name.find('\0') != name.npos) fail("bad_file_name", {{"file", name}});
    if (is_part(name)) bad_line("its image '" + name + "' is another part of the directory");
    if (info->contains("coco_url") && on_the_web(name)) fail("web_images");
    add(name, images_.labelled_ ? read_label(line, schema.label_key) : -1, read_id(line));
  }

  /// Whether images with an address on the web are there and nowhere else. As the original does, the first one answers for all.
  bool on_the_web(const std::string& file) {
    std::error_code absent;
    if (!web_) web_ = !fs::exists(images_.root_ / file, absent);
    return *web_;
  }

  json parse(std::string_view text) const {
    try {
      return runtime::parse_json(text, kLineLimits);
    } catch (const runtime::JsonError& error) {
      bad_line(error.what());
    }
  }

  std::int64_t read_id(const json& line) const {
    const auto id = line.find("id");
    if (id == line.end()) return static_cast<std::int64_t>(line_) - 1;
    const auto number = runtime::whole_number(*id);
    if (!number) bad_line("its id is not a whole number of 64 bits");
    return *number;
  }

  std::int32_t read_label(const json& line, const std::string& key) const {
    const auto label = line.find(key);
    if (label == line.end() || label->is_null() || *label == "") fail("blank_label", {{"line", std::to_string(line_)}});
    if (!label->is_string()) bad_line("its category is not a text");
    const auto& name = label->get_ref<const std::string&>();
    const auto found = ids_.find(name);
    if (found == ids_.end()) fail("unknown_category", {{"line", std::to_string(line_)}, {"category", name}});
    return found->second;
  }

  ImageDirectory images_;
  std::map<std::string, std::int32_t, std::less<>> ids_;
  std::vector<std::string> parts_;
  std::size_t line_ = 0;
  std::optional<bool> web_;
  const Annotations annotations_;
};

ImageDirectory ImageDirectory::open(const fs::path& root, std::string_view what, Annotations annotations) {
  return ImageDirectoryReader(root, what, annotations).read();
}

}  // namespace torchport::datasets
