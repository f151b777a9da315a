#include "component/serving/swagger.h"

#include <string_view>
#include <utility>

#include "component/serving/question.h"
#include "runtime/text/json.h"
#include "runtime/version.h"

namespace torchport::component {

/// component/serving/openapi.json: all but what a model and its server decide.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_openapi();

std::string swagger(const SwaggerFacts& facts) {
  auto document = runtime::parse_ordered_json(embedded_openapi().front().second, {});
  document["info"]["title"] = facts.model + ", served by torchport";
  document["info"]["version"] = runtime::version();
  auto& schemas = document["components"]["schemas"];
  const auto columns = answer_columns(facts.categories);
  for (const auto& column : columns) {
    auto& property = schemas["Answer"]["properties"][column];
    property["type"] = &column == &columns.back() ? "string" : "number";
    if (&column == &columns.back()) property["enum"] = facts.categories;
    schemas["Answer"]["required"].push_back(column);
  }
  schemas["Rows"]["maxItems"] = facts.most_rows;
  if (!facts.plain) schemas["ListAnswer"] = {{"type", "string"}, {"description", "JSON in a text: {\"result\": [[...]]}"}};
  if (!facts.keys) {
    document.erase("security");
    document["components"].erase("securitySchemes");
  }
  return document.dump(2, ' ', /*ensure_ascii=*/true) + "\n";
}

}  // namespace torchport::component
