// A JSON schema (2020-12): of a component what one call takes; of a pipeline what --set may say, with its values as the defaults.
#include <nlohmann/json.hpp>

#include "component/contract/values.h"
#include "runtime/pipeline/schema.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
using json = nlohmann::ordered_json;
namespace {

json closed(const json& properties, const std::vector<std::string>& required) {
  json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

json ports_schema(const std::vector<runtime::PortSpec>& ports) {
  json properties = json::object();
  std::vector<std::string> required;
  for (const runtime::PortSpec& port : ports) {
    properties[port.name] = {
        {"type", "string"}, {"minLength", 1}, {"title", port.title}, {"description", port.type + ". " + port.help}};
    if (!port.optional) required.push_back(port.name);
  }
  return closed(properties, required);
}

json values_schema(const std::vector<runtime::ParameterSpec>& rows) {
  json properties = json::object();
  std::vector<std::string> required;
  for (const runtime::ParameterSpec& row : rows) {
    properties[row.name] = runtime::value_schema(row, false);
    if (!row.default_text && !row.optional) required.push_back(row.name);
  }
  return closed(properties, required);
}

json of_component(const runtime::ComponentSpec& component) {
  json properties = json::object();
  std::vector<std::string> required;
  const auto add = [&](const char* name, const json& schema) {
    properties[name] = schema;
    if (schema.contains("required")) required.emplace_back(name);
  };
  add("inputs", ports_schema(component.inputs));
  add("outputs", ports_schema(component.outputs));
  add("parameters", values_schema(component.parameters));
  json schema = closed(properties, required);
  schema["title"] = component.title;
  schema["description"] = component.summary;
  return schema;
}

json of_pipeline(const runtime::Pipeline& pipeline) {
  json properties = json::object(), inputs = json::object();
  for (const runtime::Step& step : pipeline.steps) {
    json own = json::object();
    for (const runtime::StepInput& input : step.inputs)
      if (!input.given_as.empty())
        inputs[input.given_as] = {
            {"type", "string"}, {"minLength", 1}, {"description", input.port->type}, {"default", input.path.string()}};
    for (const runtime::StepValue& value : step.parameters) {
      json& row = (value.given_as.empty() ? own[value.spec->name] : inputs[value.given_as]) =
          runtime::value_schema(*value.spec, false);
      row["default"] = runtime::json_of(value.value);
    }
    properties[step.name] = closed(own, {});
    properties[step.name]["title"] = step.component->title;
  }
  if (!inputs.empty()) properties["inputs"] = closed(inputs, {});
  json schema = closed(properties, {});
  schema["title"] = pipeline.name;
  schema["description"] = "What torchport run --set may say: STEP.PARAMETER and inputs.NAME.";
  return schema;
}

}  // namespace

std::string json_schema(Contract& contract) {
  json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  schema.update(contract.component ? of_component(*contract.component) : of_pipeline(contract.pipeline));
  return runtime::json_text(schema);
}

}  // namespace torchport::component
