// The commands of `torchport` as spec/commands/*.yaml declares them: usage, options, ranges, defaults, help. Read by the command
// line, the help and the reference pages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// An option: a parameter with what only a command line has.
struct OptionSpec {
  ParameterSpec parameter;
  std::string value;      ///< what its value is called in help texts, e.g. FOLDER; "": as its type is
  std::string letter;     ///< "o": -o is the same option; "": there is none
  bool repeated = false;  ///< may be given several times
  /// A boolean: given without a value.
  bool is_switch() const { return parameter.type == ParameterType::boolean; }
};

/// One way to call a command. `operands` is what follows its name, e.g. "PIPELINE.yaml" or "COMPONENT FLAGS".
struct CommandUsage {
  std::string operands, group, summary;
  /// Whether the flags are those of a component, which its own spec declares.
  bool takes_component_flags() const { return operands.ends_with(" FLAGS"); }
};

struct CommandSpec {
  std::string name;  ///< as typed; the file has underscores for its dashes
  std::string description, example;
  std::vector<CommandUsage> usages;
  std::vector<OptionSpec> options;
};

/// Reads one file; `shared` is the text of spec/commands/shared/options.yaml. \throws Error FileParsingFailed.spec
CommandSpec read_command_spec(const std::string& stem, std::string_view text, std::string_view shared);

/// The spec that is compiled in for spec/commands/<stem>.yaml. \throws std::logic_error where there is none
CommandSpec command_spec(const std::string& stem);

/// All that are compiled in, by name.
std::vector<CommandSpec> command_specs();

}  // namespace torchport::runtime
