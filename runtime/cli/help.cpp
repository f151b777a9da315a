#include "runtime/cli/docs.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kWidth = 100;  // columns
constexpr std::size_t kIndent = 8;   // of what is said about a flag

std::string indented(std::string_view text, std::size_t indent) {
  std::string out;
  for (const std::string& line : wrap(text, kWidth - indent)) out += std::string(indent, ' ') + line + "\n";
  return out;
}

std::string placeholder(const ParameterSpec& parameter) {
  switch (parameter.type) {
    case ParameterType::integer:
      return "INTEGER";
    case ParameterType::real:
      return "NUMBER";
    case ParameterType::boolean:
      return "True|False";
    case ParameterType::choice:
      return "NAME";
    case ParameterType::string:
      break;
  }
  return "TEXT";
}

/// In the words of the hints of range errors.
std::string facts(const ParameterSpec& parameter) {
  std::string text = "Allowed: " + parameter.allowed() + "; ";
  if (parameter.unit != "none") text += "unit: " + parameter.unit + "; ";
  if (parameter.optional) return text + "optional.";
  return text + (parameter.default_text ? "default: " + *parameter.default_text + "." : "required.");
}

std::string ports(std::string_view title, const std::vector<PortSpec>& rows) {
  if (rows.empty()) return "";
  std::string out = "\n" + std::string(title) + "\n";
  for (const PortSpec& port : rows) {
    out += "  --" + port.flag + " PATH\n";
    out += indented(port.title + ", " + port.type + (port.optional ? ", optional. " : ". ") + port.help, kIndent);
  }
  return out;
}

std::string parameters(std::string_view title, const std::vector<const ParameterSpec*>& rows) {
  if (rows.empty()) return "";
  std::string out = "\n" + std::string(title) + "\n";
  for (const ParameterSpec* parameter : rows) {
    out += "  --" + parameter->flag + " " + placeholder(*parameter) + "\n";
    out += indented(parameter->help, kIndent) + indented(facts(*parameter), kIndent);
  }
  return out;
}

std::vector<const ParameterSpec*> parameters_of(const ComponentSpec& component, bool option) {
  std::vector<const ParameterSpec*> rows;
  for (const ParameterSpec& parameter : component.parameters) {
    if (parameter.option == option) rows.push_back(&parameter);
  }
  return rows;
}

std::string usage(const ComponentSpec& component) {
  std::string text = "torchport run " + component.name;
  for (const auto* rows : {&component.inputs, &component.outputs}) {
    for (const PortSpec& port : *rows) text += port.optional ? "" : " --" + port.flag + " PATH";
  }
  for (const ParameterSpec& parameter : component.parameters) {
    if (!parameter.optional && !parameter.default_text) text += " --" + parameter.flag + " " + placeholder(parameter);
  }
  return indented(text + " [FLAGS]", 2);
}

}  // namespace

std::string list_text(const Specs& specs) {
  std::size_t width = 0;
  std::map<std::string, std::vector<const ComponentSpec*>> categories;
  for (const ComponentSpec& component : specs.components()) {
    width = std::max(width, component.name.size());
    categories[component.category].push_back(&component);
  }
  std::string out;
  for (const auto& [category, components] : categories) {
    out += category + "\n";
    for (const ComponentSpec* component : components) {
      out += "  " + component->name + std::string(width - component->name.size() + 3, ' ') + component->summary + "\n";
    }
  }
  return out;
}

std::string help_text(const ComponentSpec& component, const Specs& specs) {
  std::string out = indented(component.title + ": " + component.summary, 0) + "\n" + indented(component.description, 2);
  out += "\nUsage\n" + usage(component);
  out += ports("Inputs", component.inputs) + ports("Outputs", component.outputs);
  out += parameters("Parameters", parameters_of(component, false));
  out += parameters("Options (torchport's own; the original has no such parameters)", parameters_of(component, true));
  out += parameters("Run settings", specs.run_settings_of(component));
  out += "\nExample\n" + indented(component.example, 2);
  return out + "\nFlags are written --name VALUE or --name=VALUE; dashes and underscores in names are alike.\n";
}

}  // namespace torchport::runtime
