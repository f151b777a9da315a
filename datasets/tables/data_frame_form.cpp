#include "datasets/tables/data_frame_form.h"

#include "runtime/text/json.h"

namespace torchport::datasets {
namespace {

using Json = nlohmann::ordered_json;  // keys stay in the original's order

constexpr runtime::JsonLimits kLimits{64, 4'000'000};  ///< a table of half a million columns
constexpr int kIndent = 2;
constexpr std::size_t kSampleRows = 3, kShownRows = 100, kShownColumns = 100;
constexpr const char* kTrueLabels = "True Labels";  ///< key of `labelColumns`
// By the alternatives of Column::Values.
constexpr std::array<const char*, 3> kTypes = {"Numeric", "Numeric", "String"}, kElements = {"int64", "float64", "str"};

struct Cell {
  std::size_t row;
  template <class Values>
  Json operator()(const Values& values) const {
    return values[row];
  }
};

Json cell(const Column& column, std::size_t row) { return std::visit(Cell{row}, column.values); }

bool is_score(const Column& column, const ColumnRoles& roles) {
  return std::any_of(roles.scores.begin(), roles.scores.end(), [&](const auto& score) { return score.second == column.name; });
}

std::string dump(const Json& json) { return json.dump(kIndent, ' ', true); }

/// One of the three tables of a visualization.
Json table(Json records, Json features, std::size_t rows, std::size_t columns) {
  return {{"records", std::move(records)},
          {"features", std::move(features)},
          {"numberOfRows", rows},
          {"numberOfColumns", columns},
          {"name", nullptr}};
}

Json feature(const std::string& name, std::size_t index, const char* element, const std::string& type) {
  return {{"name", name}, {"index", index}, {"elementType", element}, {"featureType", type}};
}

/// A table of figures about each of `rows` columns, all of them `blank`.
Json blank_table(const std::vector<const char*>& figures, const char* element, const char* type, const Json& blank,
                 std::size_t shown, std::size_t rows) {
  Json features = Json::array();
  for (const char* name : figures) features.push_back(feature(name, features.size(), element, type));
  const Json record(figures.size(), blank);
  return table(Json(shown, record), features, rows, figures.size());
}

}  // namespace

std::string table_schema_text(const DataFrame& frame, const ColumnRoles& roles) {
  Json columns = Json::array();
  for (const Column& column : frame.columns) {
    columns.push_back({{"name", column.name},
                       {"type", kTypes[column.values.index()]},
                       {"isFeature", column.name != roles.label && !is_score(column, roles)},
                       {"elementType", {{"typeName", kElements[column.values.index()]}, {"isNullable", false}}}});
  }
  Json labels = Json::object(), scores = Json::object();
  if (!roles.label.empty()) labels[kTrueLabels] = roles.label;
  for (const auto& [role, column] : roles.scores) scores[role] = column;
  return dump(
      {{"columnAttributes", columns}, {"featureChannels", Json::array()}, {"labelColumns", labels}, {"scoreColumns", scores}});
}

TableSchema parse_table_schema(std::string_view text) {
  const auto broken = [](const std::string& reason) { return std::runtime_error(reason); };
  const nlohmann::json root = runtime::parse_json(text, kLimits);
  if (!root.is_object() || !root.contains("columnAttributes") || !root["columnAttributes"].is_array())
    throw broken("it has no list 'columnAttributes'");
  TableSchema schema;
  for (const nlohmann::json& column : root["columnAttributes"]) {
    const bool named = column.is_object() && column.contains("name") && column["name"].is_string();
    if (!named) throw broken("a column has no text 'name'");
    schema.names.push_back(column["name"].get<std::string>());
    const auto element = column.find("elementType");
    if (element != column.end() && element->is_object() && element->value("typeName", nlohmann::json()) == "str")
      schema.texts.insert(schema.names.back());
  }
  for (const char* key : {"labelColumns", "scoreColumns"}) {
    if (!root.contains(key)) continue;
    const nlohmann::json& roles = root[key];
    if (!roles.is_object()) throw broken(std::string("'") + key + "' is not an object");
    for (const auto& [role, column] : roles.items()) {
      if (!column.is_string()) throw broken(std::string("'") + key + "' names a column that is not a text");
      if (std::string_view(key) == "scoreColumns") {
        schema.roles.scores.emplace_back(role, column.get<std::string>());
      } else if (role == kTrueLabels) {
        schema.roles.label = column.get<std::string>();
      }
    }
  }
  return schema;
}

std::string table_samples_text(const DataFrame& frame) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < std::min(kSampleRows, frame.rows); ++row) {
    Json object = Json::object();
    for (const Column& column : frame.columns) object[column.name] = cell(column, row);
    rows.push_back(object);
  }
  return dump(rows);
}

std::string visualization_text(const DataFrame& frame, const ColumnRoles& roles) {
  const std::size_t rows = std::min(kShownRows, frame.rows), columns = std::min(kShownColumns, frame.columns.size());
  Json records = Json::array(), features = Json::array();
  for (std::size_t row = 0; row < rows; ++row) {
    Json record = Json::array();
    for (std::size_t c = 0; c < columns; ++c) record.push_back(cell(frame.columns[c], row));
    records.push_back(record);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    const Column& column = frame.columns[c];
    const char* const role = column.name == roles.label ? " Label" : is_score(column, roles) ? " Score" : " Feature";
    features.push_back(
        feature(column.name, c, kElements[column.values.index()], std::string(kTypes[column.values.index()]) + role));
  }
  const std::vector<const char*> figures = {"Mean",          "Median",        "Min", "Max", "Standard Deviation",
                                            "Unique Values", "Missing Values"};
  return dump(
      {{"visualizationType", "default"},
       {"data", table(records, features, frame.rows, frame.columns.size())},
       {"statistics", blank_table(figures, "float64", "Numeric Feature", {{"isNan", true}}, columns, frame.columns.size())},
       {"layout", blank_table({"Histogram", "Boxplot"}, "object", "Object Feature", nullptr, columns, frame.columns.size())}});
}

}  // namespace torchport::datasets
