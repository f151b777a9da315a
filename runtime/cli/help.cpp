#include "runtime/cli/help.h"

#include "runtime/cli/columns.h"
#include "runtime/cli/parameter_words.h"
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
std::string facts(const ParameterSpec& parameter, const Language& say) {
  const std::string must = parameter.optional       ? say("optional")
                           : parameter.default_text ? say("default: {0}", {*parameter.default_text})
                                                    : say("required");
  if (parameter.unit == "none") return say("Allowed: {0}; {1}.", {allowed(parameter, say), must});
  return say("Allowed: {0}; unit: {1}; {2}.", {allowed(parameter, say), say(parameter.unit), must});
}

std::string ports(std::string_view title, const std::vector<PortSpec>& rows, const Language& say) {
  if (rows.empty()) return "";
  std::string out = "\n" + say(title) + "\n";
  for (const PortSpec& port : rows) {
    out += "  " + say("--{0} PATH, in pipelines {1}", {port.flag, port.name}) + "\n";
    out += indented(say(port.optional ? "{0}, {1}, optional. {2}" : "{0}, {1}. {2}", {say(port.title), port.type, say(port.help)}),
                    kIndent);
  }
  return out;
}

std::string usage(const CommandSpec& command, const CommandUsage& usage) {
  return "torchport " + command.name + (usage.operands.empty() ? "" : " " + usage.operands);
}

std::string options(const std::vector<OptionSpec>& rows, const Language& say) {
  if (rows.empty()) return "";
  std::string out = "\n" + say("Options") + "\n";
  for (const OptionSpec& option : rows) {
    const ParameterSpec& row = option.parameter;
    const std::string value = option.is_switch() ? "" : " " + (option.value.empty() ? placeholder(row) : option.value);
    out += "  " + (option.letter.empty() ? "" : "-" + option.letter + value + ", ") + "--" + row.flag + value + "\n";
    out += indented(say(row.help), kIndent);
    const std::string all = facts(row, say) + (option.repeated ? " " + say("May be given several times.") : "");
    if (!option.is_switch()) out += indented(all, kIndent);
  }
  return out;
}

/// A flag is English; in another language the name comes with it that the designer has there.
std::string parameters(std::string_view title, const std::vector<const ParameterSpec*>& rows, const Language& say) {
  if (rows.empty()) return "";
  std::string out = "\n" + say(title) + "\n";
  for (const ParameterSpec* parameter : rows) {
    out += "  --" + parameter->flag + " " + placeholder(*parameter) + (say.english() ? "" : "  " + say(parameter->title)) + "\n";
    out += indented(say(parameter->help), kIndent) + indented(facts(*parameter, say), kIndent);
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

std::string overview(const std::vector<CommandSpec>& commands, const Language& say) {
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> groups;
  std::size_t width = 0;
  for (const CommandSpec& command : commands) {
    for (const CommandUsage& row : command.usages) {
      groups[row.group].emplace_back("  " + usage(command, row), say(row.summary));
      width = std::max(width, groups[row.group].back().first.size() + 3);
    }
  }
  std::string out = say("torchport: the designer's vision components as native programs") + "\n";
  for (const auto& [group, rows] : groups) out += "\n" + say(group) + "\n" + columns(rows, width);
  return out + "\n" +
         columns({{"torchport COMMAND --help", say("Shows the options of a command; --help --lang ja shows them in Japanese.")},
                  {"torchport --version", say("Shows what this build is made of.")},
                  {"--spec-dir DIR", say("Before the command: adds the components of DIR/components/*.yaml.")}},
                 width);
}

std::string help_text(const CommandSpec& command, const Language& say) {
  std::string out;
  for (const CommandUsage& row : command.usages) out += usage(command, row) + "\n" + indented(say(row.summary), 2);
  out += "\n" + indented(say(command.description), 2) + options(command.options, say);
  out += "\n" + say("Example") + "\n" + indented(command.example, 2);
  return command.options.empty() ? out : out + "\n" + say("Options with a value are written --name VALUE or --name=VALUE.") + "\n";
}

std::string list_text(const Specs& specs, const Language& say) {
  std::size_t width = 0;
  std::map<std::string, std::vector<const ComponentSpec*>> categories;
  for (const ComponentSpec& component : specs.components()) {
    width = std::max(width, component.name.size());
    categories[component.category].push_back(&component);
  }
  std::string out;
  for (const auto& [category, components] : categories) {
    out += say(category) + "\n";
    for (const ComponentSpec* component : components) {
      out += "  " + component->name + std::string(width - component->name.size() + 3, ' ') + say(component->summary) + "\n";
    }
  }
  return out;
}

std::string help_text(const ComponentSpec& component, const Specs& specs, const Language& say) {
  std::string out =
      indented(say(component.title) + ": " + say(component.summary), 0) + "\n" + indented(say(component.description), 2);
  out += "\n" + say("Usage") + "\n" + usage(component);
  out += ports("Inputs", component.inputs, say) + ports("Outputs", component.outputs, say);
  out += parameters("Parameters", parameters_of(component, false), say);
  out += parameters("Options (torchport's own; the original has no such parameters)", parameters_of(component, true), say);
  out += parameters("Run settings", specs.run_settings_of(component), say);
  out += "\n" + say("Example") + "\n" + indented(component.example, 2);
  return out + "\n" + say("Flags are written --name VALUE or --name=VALUE; dashes and underscores in names are alike.") + "\n";
}

}  // namespace torchport::runtime
