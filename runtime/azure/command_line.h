// The `command:` of a command component, as far as it is one call of a Python module or of torchport. Called by the reader of jobs.
#pragma once
#include <string>
#include <vector>

namespace torchport::runtime::azure {

/// `--name value`. A value may hold placeholders, "${{inputs.size}}", without blanks in them.
struct CommandFlag {
  std::string name, value;
  bool may_be_absent = false;  ///< within $[[ ]]: left out where an input in it has no value
};

struct CommandLine {
  std::string module;     ///< of `python -m MODULE`, or what --module-name of the designer's invoker names; "": there is none
  std::string component;  ///< of `torchport run COMPONENT`, in place of a module
  std::vector<CommandFlag> flags;  ///< a flag without value is True
  std::string odd;                 ///< what makes it more, or other, than one call with flags, e.g. "'&&'"; "": nothing
};

CommandLine read_command(const std::string& text);

/// The names in the placeholders ${{KIND.NAME}} of a text, in their order; `kind` is "inputs" or "outputs".
std::vector<std::string> placeholders(const std::string& text, const std::string& kind);

/// The name where the text is one placeholder of this kind and nothing else, or "".
std::string only_placeholder(const std::string& text, const std::string& kind);

}  // namespace torchport::runtime::azure
