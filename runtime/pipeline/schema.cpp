#include "runtime/pipeline/schema.h"

#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

using json = nlohmann::ordered_json;

/// What may stand as a value of the parameter.
json kind_of(const ParameterSpec& parameter) {
  json kind = json::object();
  switch (parameter.type) {
    case ParameterType::integer:
    case ParameterType::real:
      kind["type"] = parameter.type == ParameterType::integer ? "integer" : "number";
      if (parameter.range && parameter.range->low)
        kind[parameter.range->low_open ? "exclusiveMinimum" : "minimum"] = *parameter.range->low;
      if (parameter.range && parameter.range->high)
        kind[parameter.range->high_open ? "exclusiveMaximum" : "maximum"] = *parameter.range->high;
      break;
    case ParameterType::boolean:
      kind["enum"] = {true, false, "True", "False", "true", "false"};
      break;
    case ParameterType::size: {
      const json length = {{"type", "integer"}, {"minimum", *parameter.range->low}, {"maximum", *parameter.range->high}};
      kind["anyOf"] = {length, {{"type", "array"}, {"items", length}, {"minItems", 1}, {"maxItems", 2}}};
      break;
    }
    case ParameterType::choice:
      if (parameter.several) {
        const std::string one = "(" + join(parameter.choices, "|") + ")";
        kind["type"] = "string";
        kind["pattern"] = "^" + one + "(," + one + ")*$";
      } else {
        kind["enum"] = parameter.choices;
      }
      break;
    case ParameterType::string:
      if (parameter.several) {
        kind["type"] = {"string", "array"};
        kind["items"] = {{"type", "string"}};
      } else {
        kind["type"] = {"string", "number", "boolean"};
      }
      break;
  }
  return kind;
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
    properties[row->name] = value_schema(*row, true);
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

/// What names of steps and inputs look like.
json name_schema() { return {{"pattern", "^[a-z][a-z0-9_]*$"}, {"maxLength", 64}}; }

/// The parts that others refer to; `names` are those of the components, `rules` what each lets a step have.
json definitions(json names, json rules) {
  const json text = {{"type", "string"}, {"minLength", 1}};
  json file = text;
  file["description"] = "The file of a pipeline whose steps are run here.";
  const json inner = closed({{"pipeline", std::move(file)},
                             {"inputs",
                              {{"type", "object"},
                               {"propertyNames", name_schema()},
                               {"additionalProperties", {{"type", {"string", "number", "boolean", "array"}}}},
                               {"description", "Its inputs: STEP.OUTPUT, inputs.NAME, paths and values."}}}},
                            {"pipeline"});
  const json component = {
      {"required", {"component"}}, {"properties", {{"component", {{"enum", std::move(names)}}}}}, {"allOf", std::move(rules)}};
  return {
      {"source",
       {{"type", "string"},
        {"pattern", "^([a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*|\\..*|.*/.*)$"},
        {"description", "STEP.OUTPUT, inputs.NAME, or a path that begins with / or ./"}}},
      {"input",
       {{"type", "string"}, {"pattern", "^inputs\\.[a-z][a-z0-9_]*$"}, {"description", "The value of an input of the pipeline."}}},
      {"wire", {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$"}, {"description", "STEP.OUTPUT"}}},
      {"inner", inner},
      {"step",
       {{"type", "object"}, {"if", {{"required", {"pipeline"}}}}, {"then", {{"$ref", "#/$defs/inner"}}}, {"else", component}}}};
}

}  // namespace

json value_schema(const ParameterSpec& parameter, bool wires) {
  json schema = {{"title", parameter.title},
                 {"description", parameter.help + (parameter.unit == "none" ? "" : " Unit: " + parameter.unit + ".")},
                 {"anyOf", json::array({kind_of(parameter)})}};
  if (wires) schema["anyOf"].push_back({{"$ref", "#/$defs/input"}});
  if (parameter.type == ParameterType::boolean)
    schema["anyOf"].push_back({{"type", "number"}, {"description", "0 is False, any other number True."}});
  const bool number = parameter.is_number() || parameter.type == ParameterType::size;
  if (parameter.default_text)
    schema["default"] = number ? parse_ordered_json(*parameter.default_text, {}) : json(*parameter.default_text);
  return schema;
}

std::string pipeline_schema(const Specs& specs) {
  json names = json::array(), rules = json::array();
  for (const ComponentSpec& component : specs.components()) {
    names.push_back(component.name);
    rules.push_back({{"if", {{"properties", {{"component", {{"const", component.name}}}}}, {"required", {"component"}}}},
                     {"then", step_schema(component, specs)}});
  }
  const json name = name_schema();
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
          {"additionalProperties", {{"type", {"string", "number", "boolean", "array", "null"}}}},
          {"description",
           "By name, paths from outside, relative to the file, and values; a step takes one as inputs.NAME. One without value must "
           "be set."}}},
        {"outputs",
         {{"type", "object"},
          {"propertyNames", name},
          {"additionalProperties", {{"$ref", "#/$defs/wire"}}},
          {"description", "Of a pipeline that is a step of another: its outputs by name."}}},
        {"compute", {{"type", "string"}, {"minLength", 1}, {"description", "The compute of steps that name none under run:."}}},
        {"steps",
         {{"type", "object"},
          {"minProperties", 1},
          {"propertyNames", name},
          {"additionalProperties", {{"$ref", "#/$defs/step"}}}}}}},
      {"$defs", definitions(std::move(names), std::move(rules))}};
  return schema.dump(1) + "\n";
}

}  // namespace torchport::runtime
