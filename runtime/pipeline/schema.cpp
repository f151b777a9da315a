#include "runtime/pipeline/schema.h"

#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

using json = nlohmann::ordered_json;

json value_schema(const ParameterSpec& parameter) {
  json schema = {{"title", parameter.title},
                 {"description", parameter.help + (parameter.unit == "none" ? "" : " Unit: " + parameter.unit + ".")}};
  switch (parameter.type) {
    case ParameterType::integer:
    case ParameterType::real:
      schema["type"] = parameter.type == ParameterType::integer ? "integer" : "number";
      if (parameter.range && parameter.range->low)
        schema[parameter.range->low_open ? "exclusiveMinimum" : "minimum"] = *parameter.range->low;
      if (parameter.range && parameter.range->high)
        schema[parameter.range->high_open ? "exclusiveMaximum" : "maximum"] = *parameter.range->high;
      break;
    case ParameterType::boolean:
      schema["enum"] = {true, false, "True", "False"};
      break;
    case ParameterType::choice:
      if (parameter.several) {
        const std::string one = "(" + join(parameter.choices, "|") + ")";
        schema["type"] = "string";
        schema["pattern"] = "^" + one + "(," + one + ")*$";
      } else {
        schema["enum"] = parameter.choices;
      }
      break;
    case ParameterType::string:
      schema["type"] = {"string", "number", "boolean"};
      break;
  }
  const bool number = parameter.type == ParameterType::integer || parameter.type == ParameterType::real;
  if (parameter.default_text)
    schema["default"] = number ? parse_ordered_json(*parameter.default_text, {}) : json(*parameter.default_text);
  return schema;
}

/// A map with these names only.
json closed(json properties, const std::vector<std::string>& required) {
  json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

json values_schema(const std::vector<const ParameterSpec*>& rows) {
  json properties = json::object();
  std::vector<std::string> required;
  for (const ParameterSpec* row : rows) {
    properties[row->name] = value_schema(*row);
    if (!row->default_text && !row->optional) required.push_back(row->name);
  }
  return closed(std::move(properties), required);
}

json step_schema(const ComponentSpec& component, const Specs& specs) {
  json inputs = json::object();
  std::vector<std::string> ports, required = {"component"};
  for (const PortSpec& port : component.inputs) {
    inputs[port.name] = {{"$ref", "#/$defs/source"}, {"title", port.title}, {"description", port.type + ". " + port.help}};
    if (!port.optional) ports.push_back(port.name);
  }
  std::vector<const ParameterSpec*> parameters, settings;
  for (const ParameterSpec& row : component.parameters) parameters.push_back(&row);
  for (const ParameterSpec* row : specs.run_settings_of(component))
    if (row->name != "run_dir" && row->name != "computes" && row->name != "allow_run_as_root")
      settings.push_back(row);  // whoever starts it gives these
  if (!ports.empty()) required.push_back("inputs");
  json schema = closed({{"component", {{"const", component.name}, {"description", component.summary}}},
                        {"inputs", closed(std::move(inputs), ports)},
                        {"parameters", values_schema(parameters)},
                        {"run", values_schema(settings)}},
                       required);
  schema["title"] = component.title;
  return schema;
}

}  // namespace

std::string pipeline_schema(const Specs& specs) {
  json names = json::array(), rules = json::array();
  for (const ComponentSpec& component : specs.components()) {
    names.push_back(component.name);
    rules.push_back({{"if", {{"properties", {{"component", {{"const", component.name}}}}}, {"required", {"component"}}}},
                     {"then", step_schema(component, specs)}});
  }
  const json name = {{"pattern", "^[a-z][a-z0-9_]*$"}, {"maxLength", 64}};
  const json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "A pipeline of torchport"},
      {"description", "Rendered from spec/ by torchport reference; docs/pipelines.md describes the file."},
      {"type", "object"},
      {"additionalProperties", false},
      {"required", {"name", "steps"}},
      {"properties",
       {{"name",
         {{"type", "string"},
          {"pattern", "^[a-z][a-z0-9_-]*$"},
          {"maxLength", 64},
          {"description", "Begins the names of its run folders."}}},
        {"description", {{"type", "string"}}},
        {"inputs",
         {{"type", "object"},
          {"propertyNames", name},
          {"additionalProperties", {{"type", "string"}, {"minLength", 1}}},
          {"description", "Paths from outside by name, relative to the file; a step takes one as inputs.NAME."}}},
        {"compute", {{"type", "string"}, {"minLength", 1}, {"description", "The compute of steps that name none under run:."}}},
        {"steps",
         {{"type", "object"},
          {"minProperties", 1},
          {"propertyNames", name},
          {"additionalProperties", {{"$ref", "#/$defs/step"}}}}}}},
      {"$defs",
       {{"source",
         {{"type", "string"},
          {"pattern", "^([a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*|\\..*|.*/.*)$"},
          {"description", "STEP.OUTPUT, inputs.NAME, or a path that begins with / or ./"}}},
        {"step",
         {{"type", "object"},
          {"required", {"component"}},
          {"properties", {{"component", {{"enum", names}}}}},
          {"allOf", rules}}}}}};
  return schema.dump(1) + "\n";
}

}  // namespace torchport::runtime
