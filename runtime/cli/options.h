// The options of the commands on pipelines. A component's flags, by contrast, come from its spec (runtime/request/request.h).
#pragma once
#include <map>
#include <string>
#include <vector>

namespace torchport::runtime {

struct Options {
  std::vector<std::string> operands;
  std::map<std::string, std::vector<std::string>> values;  ///< by option; a switch has none
  bool has(const std::string& option) const { return values.count(option) > 0; }
  /// All values of an option, or the last one, or `fallback`.
  std::vector<std::string> all(const std::string& option) const;
  std::string last(const std::string& option, const std::string& fallback) const;
};

/// Reads `--option VALUE`, `--option=VALUE`, `--switch` and operands. `valued` and `switches` are spelled with their dashes.
/// \throws Error ParameterParsing.unknown_option, .no_value
Options parse_options(const std::string& command, const std::vector<std::string>& words, const std::vector<std::string>& valued,
                      const std::vector<std::string>& switches = {});

}  // namespace torchport::runtime
