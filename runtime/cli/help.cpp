#include "runtime/cli/help.h"

#include "runtime/cli/columns.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kIndent = 8;  // of what is said about a flag

std::string placeholder(const ParameterSpec& parameter) {
  switch (parameter.type) {
    case ParameterType::integer:
      return "INTEGER";
    case ParameterType::real:
      return "NUMBER";
    case ParameterType::size:
      return "PIXELS|[HEIGHT,WIDTH]";
    case ParameterType::boolean:
      return "True|False";
    case ParameterType::choice:
      return parameter.several ? "NAME,..." : "NAME";
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
    out += "  --" + port.flag + " PATH, in pipelines " + port.name + "\n";
    out += indented(port.title + ", " + port.type + (port.optional ? ", optional. " : ". ") + port.help, kIndent);
  }
  return out;
}

std::string usage(const CommandSpec& command, const CommandUsage& usage) {
  return "torchport " + command.name + (usage.operands.empty() ? "" : " " + usage.operands);
}

std::string options(const std::vector<OptionSpec>& rows) {
  if (rows.empty()) return "";
  std::string out = "\nOptions\n";
  for (const OptionSpec& option : rows) {
    const ParameterSpec& row = option.parameter;
    const std::string value = option.is_switch() ? "" : " " + (option.value.empty() ? placeholder(row) : option.value);
    out += "  " + (option.letter.empty() ? "" : "-" + option.letter + value + ", ") + "--" + row.flag + value + "\n";
    out += indented(row.help, kIndent);
    if (!option.is_switch()) out += indented(facts(row) + (option.repeated ? " May be given several times." : ""), kIndent);
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

std::string overview(const std::vector<CommandSpec>& commands) {
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> groups;
  std::size_t width = 0;
  for (const CommandSpec& command : commands) {
    for (const CommandUsage& row : command.usages) {
      groups[row.group].emplace_back("  " + usage(command, row), row.summary);
      width = std::max(width, groups[row.group].back().first.size() + 3);
    }
  }
  std::string out = "torchport: the designer's vision components as native programs\n";
  for (const auto& [group, rows] : groups) out += "\n" + group + "\n" + columns(rows, width);
  return out + "\n" +
         columns({{"torchport COMMAND --help", "Shows the options of a command."},
                  {"torchport --version", "Shows what this build is made of."},
                  {"--spec-dir DIR", "Before the command: adds the components of DIR/components/*.yaml."}},
                 width);
}

std::string help_text(const CommandSpec& command) {
  std::string out;
  for (const CommandUsage& row : command.usages) out += usage(command, row) + "\n" + indented(row.summary, 2);
  out += "\n" + indented(command.description, 2) + options(command.options) + "\nExample\n" + indented(command.example, 2);
  return command.options.empty() ? out : out + "\nOptions with a value are written --name VALUE or --name=VALUE.\n";
}

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
