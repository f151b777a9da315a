// The words after a command, read by its spec. Called by the commands; the flags of a component are runtime/request/request.h's.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/command_spec.h"
#include "runtime/error/error.h"

namespace torchport::runtime {

struct Arguments {
  std::vector<std::string> operands;
  std::map<std::string, std::vector<Value>, std::less<>> options;  ///< values by name, defaults included; of an absent one none

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  /// The value of an option that has one. \throws std::logic_error if it has none, or is of another type: a bug of ours
  template <class T>
  const T& get(std::string_view option) const;
  /// All values of a repeated option, in the order of the command line.
  std::vector<std::string> all(std::string_view option) const;
};

/// Reads operands, `--option VALUE`, `--option=VALUE`, `-o VALUE` and `--switch`. Every fault goes into `problems`: those of
/// operands first. Values without fault are kept. ParameterParsing.*, NullOrEmpty.parameter, and the errors of parse_value
Arguments parse_arguments(const CommandSpec& command, const std::vector<std::string>& words, Problems& problems);

/// What may stand as operands: "PIPELINE.yaml", "list|show RUN".
std::string operands_text(const CommandSpec& command);

}  // namespace torchport::runtime
