#include "datasets/directory/image_directory_form.h"

#include "runtime/text/base64.h"
#include "runtime/text/json.h"

namespace torchport::datasets {
namespace {

using Json = nlohmann::ordered_json;  // keys stay in the original's order

constexpr int kIndent = 2;

/// A JSON string, with everything beyond ASCII escaped.
std::string json_text(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  return plain ? '"' + std::string(text) + '"' : nlohmann::json(text).dump(-1, ' ', true);
}

/// A YAML string: JSON's in double quotes are YAML's too, but those in single quotes leave the quotes of JSON inside readable.
std::string yaml_text(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!plain) return json_text(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

Json column(const char* name, const char* type, const char* element, bool is_feature) {
  return {
      {"name", name}, {"type", type}, {"isFeature", is_feature}, {"elementType", {{"typeName", element}, {"isNullable", false}}}};
}

}  // namespace

std::string index_line(std::string_view file_name, std::int64_t id, const std::string* category) {
  std::string line = "{\"image_info\": {\"file_name\": " + json_text(file_name) + "}, ";
  if (category) line += "\"category\": " + json_text(*category) + ", ";
  return line + "\"id\": " + std::to_string(id) + "}\n";
}

std::string schema_text(const std::optional<std::vector<std::string>>& categories) {
  Json image = column("image", "Bytes", "bytes", true);
  image["properties"] = {{"mime_type", "image/png"}, {"image_ref", "image_info"}};  // image/png, whatever the files are
  Json columns = Json::array({image, column("id", "Numeric", "int64", false)});
  if (categories) {
    Json list = Json::array();
    for (const std::string& name : *categories) list.push_back({{"id", list.size()}, {"name", name}});
    Json label = column(kLabelColumn, "String", "str", false);
    label["properties"] = {{"annotation_type", "COCO_classification"}, {"categories", list}};
    columns.push_back(label);
  }
  return Json{{"columnAttributes", columns}}.dump(kIndent, ' ', true);
}

std::string samples_text(const std::vector<Sample>& samples) {
  Json list = Json::array();
  for (const Sample& sample : samples) {
    Json row = {{"image", runtime::base64(sample.bytes)}, {"id", sample.id}};
    if (sample.category) row["category"] = *sample.category;
    if (!sample.members.empty()) row.update(runtime::parse_ordered_json("{" + sample.members + "}", {}));
    list.push_back(row);
  }
  return list.dump(kIndent, ' ', true);
}

std::string meta_text(const Extension& extension) {
  std::string text = "type: ImageDirectory\nextension:";
  for (const auto& [key, value] : extension) text += "\n  " + yaml_text(key) + ": " + yaml_text(value);
  return text + (extension.empty() ? " {}" : "") + "\nimage_list: images.lst\nsamples: _samples.json\nschema: _schema.json\n";
}

std::string converted_name(const std::string& name, std::optional<std::int32_t> label, std::size_t row) {
  if (!label) return "image/" + name;
  return "image/" + std::to_string(*label) + "_" + std::to_string(row) + std::filesystem::path(name).extension().string();
}

}  // namespace torchport::datasets
