// Reading `_schema.json`: which column is the image, which the label, and what the categories are.
#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "runtime/text/json.h"

namespace torchport::datasets {
namespace {

using nlohmann::json;

constexpr runtime::JsonLimits kLimits{64, 4'000'000};  ///< a million categories

class SchemaReader {
 public:
  SchemaReader(std::string_view what, const std::string& path) : what_(what), path_(path) {}

  Schema read(std::string_view text) const {
    const json root = parse(text);
    if (!root.is_object() || !root.contains("columnAttributes") || !root["columnAttributes"].is_array()) {
      broken("it has no list 'columnAttributes'");
    }
    Schema schema;
    for (const json& column : root["columnAttributes"]) read_column(column, schema);
    if (schema.image_key.empty()) broken("it has no image column");
    return schema;
  }

 private:
  [[noreturn]] void broken(const std::string& reason) const {
    throw runtime::Error("InvalidDataset.broken_schema", {{"what", what_}, {"path", path_}, {"reason", reason}});
  }
  std::string text(const json& object, const char* key) const {
    if (!object.is_object() || !object.contains(key) || !object[key].is_string()) {
      broken("a column has no text '" + std::string(key) + "'");
    }
    return object[key].get<std::string>();
  }

  json parse(std::string_view text) const {
    try {
      return runtime::parse_json(text, kLimits);
    } catch (const runtime::JsonError& error) {
      broken(error.what());
    }
  }

  void read_column(const json& column, Schema& schema) const {
    const std::string name = text(column, "name");
    text(column, "type");
    const std::string element = text(column.contains("elementType") ? column["elementType"] : json(), "typeName");
    const json properties = column.value("properties", json::object());
    if (!properties.is_object()) broken("the properties of the column '" + name + "' are no object");
    if (element == "bytes" && properties.value("mime_type", json()) == "image/png" && schema.image_key.empty()) {
      schema.image_key = text(properties, "image_ref");
    }
    if (properties.contains("annotation_type") && schema.label_key.empty() && schema.other_annotation.empty()) {
      const std::string annotation = text(properties, "annotation_type");
      if (annotation != "COCO_classification") {
        schema.other_annotation = annotation;
        return;
      }
      if (name.empty()) broken("the label column has no name");
      schema.label_key = name;
      schema.categories = read_categories(properties.value("categories", json()));
    }
  }

  /// Ids other than 0 .. n-1, one after another, are where the original begins to guess.
  std::vector<Category> read_categories(const json& list) const {
    if (!list.is_array() || list.empty()) broken("it has no categories");
    std::vector<Category> categories;
    std::set<std::string> names;
    for (const json& row : list) {
      if (!row.is_object() || !row.contains("id") || !runtime::whole_number(row["id"]))
        broken("a category has no whole number 'id'");
      if (!row.contains("name") || !row["name"].is_string() || row["name"] == "") broken("a category has no name");
      categories.push_back({*runtime::whole_number(row["id"]), row["name"].get<std::string>()});
      if (!names.insert(categories.back().name).second) broken("the category '" + categories.back().name + "' is listed twice");
    }
    for (std::size_t i = 0; i < categories.size(); ++i) {
      if (categories[i].id != static_cast<std::int64_t>(i)) {
        throw runtime::Error("InvalidDataset.category_ids",
                             {{"what", what_}, {"path", path_}, {"last", std::to_string(categories.size() - 1)}});
      }
    }
    return categories;
  }

  std::string what_;
  const std::string& path_;
};

}  // namespace

Schema parse_schema(std::string_view text, std::string_view what, const std::string& path) {
  return SchemaReader(what, path).read(text);
}

}  // namespace torchport::datasets
