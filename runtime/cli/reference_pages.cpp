#include "runtime/cli/reference_pages.h"

#include "runtime/cli/parameter_words.h"
#include "runtime/error/error_catalogue.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kRendered = "<!-- Rendered from spec/ by `torchport reference docs/reference`. -->\n";

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

std::string row(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

std::string table(const std::vector<std::string>& head) { return row(head) + row(std::vector<std::string>(head.size(), "---")); }

std::string fallback(const ParameterSpec& parameter) {
  if (parameter.optional) return "(optional)";
  return parameter.default_text ? "`" + *parameter.default_text + "`" : "(required)";
}

std::string unit(const ParameterSpec& parameter) { return parameter.unit == "none" ? "" : cell(parameter.unit); }

std::string parameter_row(const ParameterSpec& parameter) {
  return row({"`--" + parameter.flag + "`", parameter.title, type_word(parameter), cell(parameter.allowed()), fallback(parameter),
              unit(parameter), cell(parameter.help)});
}

std::string option_row(const OptionSpec& option) {
  const ParameterSpec& parameter = option.parameter;
  const std::string value = option.is_switch() ? "" : " " + (option.value.empty() ? "VALUE" : option.value);
  return row({(option.letter.empty() ? "" : "`-" + option.letter + value + "`, ") + "`--" + parameter.flag + value + "`",
              option.is_switch() ? "" : cell(parameter.allowed()), option.is_switch() ? "" : fallback(parameter), unit(parameter),
              cell(parameter.help) + (option.repeated ? " May be given several times." : "")});
}

std::string command_section(const CommandSpec& command) {
  std::string out = "\n## " + command.name + "\n";
  for (const CommandUsage& usage : command.usages)
    out += "\n`torchport " + command.name + (usage.operands.empty() ? "" : " " + usage.operands) + "`: " + usage.summary + "\n";
  out += "\n" + command.description + "\n\n```\n" + command.example + "\n```\n";
  if (command.options.empty()) return out;
  out += "\n" + table({"Option", "Allowed", "Default", "Unit", "Meaning"});
  for (const OptionSpec& option : command.options) out += option_row(option);
  return out;
}

std::string parameter_table(std::string_view title, const std::vector<const ParameterSpec*>& rows) {
  if (rows.empty()) return "";
  std::string out = "\n" + std::string(title) + "\n\n" + table({"Flag", "Name", "Type", "Allowed", "Default", "Unit", "Meaning"});
  for (const ParameterSpec* parameter : rows) out += parameter_row(*parameter);
  return out;
}

std::string port_table(const ComponentSpec& component) {
  std::string out = "\n" + table({"Side", "Port", "Flag", "Title", "Type", "Meaning"});
  for (const auto& [side, ports] : {std::pair("in", &component.inputs), std::pair("out", &component.outputs)}) {
    for (const PortSpec& port : *ports)
      out += row({side, "`" + port.name + "`", "`--" + port.flag + "`", port.title,
                  port.type + (port.optional ? " (optional)" : ""), cell(port.help)});
  }
  return out;
}

std::string cell_text(const Variant::Cell& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::vector<std::string> numbers;
  for (const std::int64_t number : std::get<std::vector<std::int64_t>>(value)) numbers.push_back(std::to_string(number));
  return join(numbers, ", ");
}

std::string variant_table(const ComponentSpec& component) {
  if (component.variants.empty()) return "";
  std::set<std::string> keys;
  for (const Variant& variant : component.variants) {
    for (const auto& [key, value] : variant.cells) keys.insert(key);
  }
  std::vector<std::string> head = {"Variant"};
  for (const std::string& key : keys) {
    head.push_back(key);
    std::replace(head.back().begin(), head.back().end(), '_', ' ');
  }
  const std::string size = std::to_string(component.architecture ? component.architecture->minimum_size : 1);
  std::string out = "\nImages must be at least " + size + " x " + size +
                    " pixels. The variants, with the number of parameters for 1000 classes:\n\n" + table(head);
  for (const Variant& variant : component.variants) {
    std::vector<std::string> cells = {variant.name};
    for (const std::string& key : keys) {
      const auto found = variant.cells.find(key);
      cells.push_back(found == variant.cells.end() ? "" : cell(cell_text(found->second)));
    }
    out += row(cells);
  }
  return out;
}

std::string component_section(const ComponentSpec& component) {
  std::vector<const ParameterSpec*> parameters, options;
  for (const ParameterSpec& parameter : component.parameters) (parameter.option ? options : parameters).push_back(&parameter);
  std::string out = "\n## " + component.title + "\n\n`torchport run " + component.name + "`: " + component.summary + "\n\n" +
                    component.description + "\n\n```\n" + component.example + "\n```\n";
  out += port_table(component);
  out += parameter_table("Parameters:", parameters);
  out += parameter_table("Options, which are torchport's own and absent in the original:", options);
  return out + variant_table(component);
}

}  // namespace

std::string commands_page(const std::vector<CommandSpec>& commands) {
  std::string out =
      "# Commands\n\n" + std::string(kRendered) +
      "\n`torchport --help` lists the commands, and `--help` after a command shows what is said of it below. `--spec-dir DIR`, "
      "before any command, adds the components of `DIR/components/*.yaml`. [The components](components.md) have flags "
      "of their own.\n";
  for (const CommandSpec& command : commands) out += command_section(command);
  return out;
}

std::string components_page(const Specs& specs) {
  std::string out =
      "# Components\n\n" + std::string(kRendered) +
      "\nEach component is a command. Flags are written `--name VALUE` or `--name=VALUE`; dashes and underscores in names are "
      "alike, booleans are `True` or `False`, integers are decimal.\n\n" +
      table({"Component", "Category", "Purpose"});
  for (const ComponentSpec& component : specs.components())
    out += row({component.title, component.category, cell(component.summary)});
  for (const ComponentSpec& component : specs.components()) out += component_section(component);
  std::vector<const ParameterSpec*> everywhere, distributed;
  for (const ParameterSpec& setting : specs.run_settings()) (setting.distributed ? distributed : everywhere).push_back(&setting);
  out += "\n## Run settings\n" + parameter_table("Of every component:", everywhere) +
         parameter_table("Of components that may run in several processes:", distributed);
  out += "\n## Types of ports\n\n" + table({"Type", "`type:` of its _meta.yaml", "What it is"});
  for (const DirectoryTypeSpec& type : specs.types()) out += row({type.name, type.directory, cell(type.description)});
  return out;
}

std::string component_page(const ComponentSpec& component) {
  return component_section(component).substr(std::string("\n#").size());
}

std::string markdown_cell(std::string_view text) { return cell(text); }

std::string computes_page(const std::vector<EngineSpec>& engines) {
  std::string out =
      "# Computes\n\n" + std::string(kRendered) +
      "\nA computes file names targets that components run on; [clusters](../clusters.md) describes it. Each compute has the key "
      "`engine`, and those of its engine.\n";
  for (const EngineSpec& engine : engines) {
    out += "\n## " + engine.name + "\n\n" + engine.title + ". " + engine.summary + "\n";
    if (engine.settings.empty()) continue;
    out += "\n" + table({"Key", "Type", "Allowed", "Default", "Unit", "Meaning"});
    for (const EngineSetting& setting : engine.settings) {
      const ParameterSpec& row_of = setting.parameter;
      out += row({"`" + row_of.name + "`", setting.list ? "list of strings" : type_word(row_of), cell(row_of.allowed()),
                  fallback(row_of), unit(row_of), cell(row_of.help)});
    }
  }
  return out;
}

std::string error_codes_page() {
  const ErrorCatalogue& catalogue = error_catalogue();
  std::string out =
      "# Error codes\n\n" + std::string(kRendered) +
      "\nAn error names what is wrong, shows the values compared and ends with a hint. Its name and code are the designer's; the "
      "exit status tells scripts what kind of thing went wrong. Words in braces are filled in by the program. Where a request has "
      "several faults, all are shown, and "
      "the exit status is that of the first.\n\n" +
      table({"Exit status", "Meaning"});
  for (const auto& [status, meaning] : catalogue.exit_statuses) out += row({std::to_string(status), cell(meaning)});
  for (const ErrorEntry& entry : catalogue.entries) {
    out += "\n## " + entry.class_name() + "\n\n" + entry.title + " Code " + std::to_string(entry.code) + ", exit status " +
           std::to_string(entry.exit_status) + ".\n\n" + table({"Sentence", "Hint", "Exit status"});
    for (const auto& [name, reason] : entry.reasons) {
      out += row({cell(reason.message), cell(Specs::get().with_makers(reason.hint)), std::to_string(reason.exit_status)});
    }
  }
  return out;
}

}  // namespace torchport::runtime
