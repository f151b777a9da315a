#include "runtime/cli/command_spec.h"

#include "runtime/error/error.h"
#include "runtime/spec/embedded.h"
#include "runtime/spec/spec_map.h"
#include "runtime/spec/spec_reader.h"

namespace torchport::runtime {
namespace {

const std::string kFolder = "commands/";
constexpr std::string_view kShared = "commands/shared/options.yaml";

SpecMap root_of(const std::string& path, std::string_view text) {
  try {
    return {path, parse_yaml(text), "the file"};
  } catch (const YamlError& error) {
    throw Error("FileParsingFailed.spec", {{"path", path}, {"reason", error.what()}});
  }
}

OptionSpec read_option(const std::string& name, SpecMap& row) {
  OptionSpec option{SpecReader(/*trusted=*/true).read_parameter(name, row, {}), row.text_or("value", ""), row.text_or("letter", ""),
                    row.boolean_or("repeated", false)};
  if (option.repeated && !option.parameter.optional) row.fail("'" + name + "' is repeated, but not optional", "repeated");
  row.finish();
  return option;
}

void add_shared(CommandSpec& spec, SpecMap& root, std::string_view shared) {
  SpecMap file = root_of("spec/" + std::string(kShared), shared);
  auto rows = file.maps("shared_options");
  for (const std::string& name : root.texts("shared_options")) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.first == name; });
    if (row == rows.end()) root.fail("there is no shared option '" + name + "'", "shared_options");
    spec.options.push_back(read_option(name, row->second));
  }
}

void check_flags(const CommandSpec& spec, const SpecMap& root) {
  std::set<std::string> flags = {"help"}, names;
  for (const OptionSpec& option : spec.options) {
    const ParameterSpec& row = option.parameter;
    const bool fresh = flags.insert(row.flag).second && (option.letter.empty() || flags.insert(option.letter).second);
    if (!fresh) root.fail("the flag --" + row.flag + " or its letter is there twice");
    if (!names.insert(row.name).second) root.fail("the name '" + row.name + "' is there twice");
  }
}

std::string_view embedded(std::string_view path) {
  for (const auto& [name, text] : embedded_commands())
    if (name == path) return text;
  throw std::logic_error("there is no spec/" + std::string(path));
}

}  // namespace

CommandSpec read_command_spec(const std::string& stem, std::string_view text, std::string_view shared) {
  SpecMap root = root_of("spec/" + kFolder + stem + ".yaml", text);
  CommandSpec spec{root.text("name"), root.text("description"), root.text("example"), {}, {}};
  std::string file = spec.name;
  std::replace(file.begin(), file.end(), '-', '_');
  if (file != stem) root.fail("the name '" + spec.name + "' is not that of the file", "name");
  for (auto& [operands, row] : root.maps("usage")) {
    spec.usages.push_back({operands, row.text("group"), row.text("summary")});
    row.finish();
  }
  if (spec.usages.empty()) root.fail("'usage' has no entry", "usage");
  for (auto& [name, row] : root.maps("options")) spec.options.push_back(read_option(name, row));
  if (root.has("shared_options")) add_shared(spec, root, shared);
  root.finish();
  check_flags(spec, root);
  return spec;
}

CommandSpec command_spec(const std::string& stem) {
  return read_command_spec(stem, embedded(kFolder + stem + ".yaml"), embedded(kShared));
}

std::vector<CommandSpec> command_specs() {
  std::vector<CommandSpec> specs;
  for (const auto& [path, text] : embedded_commands()) {
    if (path != kShared) specs.push_back(command_spec(std::filesystem::path(path).stem()));
  }
  std::sort(specs.begin(), specs.end(), [](const CommandSpec& a, const CommandSpec& b) { return a.name < b.name; });
  return specs;
}

}  // namespace torchport::runtime
