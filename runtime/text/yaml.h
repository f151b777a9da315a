// YAML under strict rules, for specs and for typed directories: no anchors, aliases, tags, directives, duplicate keys, second
// documents, byte order marks or NULs. Files of others may have anchors. Included by sources only: everything above gets C++
// values.
#pragma once
#include <yaml-cpp/yaml.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// What is wrong, with line and column: "line 3, column 7: the key 'type' is given twice".
struct YamlError : std::runtime_error {
  explicit YamlError(const std::string& what_is_wrong) : std::runtime_error(what_is_wrong), reason(what_is_wrong) {}
  YamlError(int at_line, int at_column, const std::string& what_is_wrong)
      : std::runtime_error("line " + std::to_string(at_line) + ", column " + std::to_string(at_column) + ": " + what_is_wrong),
        reason(what_is_wrong),
        line(at_line),
        column(at_column) {}
  std::string reason;        ///< without its place
  int line = 0, column = 0;  ///< from 1; 0 where there is no place
};

/// Parses one document of at most 1 MiB. \throws YamlError
YAML::Node parse_yaml(std::string_view text);
/// The same of a file of others, which may say a value once and name it elsewhere, by anchors, aliases and the merge keys (<<) of
/// YAML 1.1, and 4 MiB. \throws YamlError, also where aliases lead back into themselves, or stand for more than people write
YAML::Node parse_yaml_with_aliases(std::string_view text);

/// Whether a scalar is in quotes, and so a text, whatever it looks like.
inline bool is_quoted(const YAML::Node& scalar) { return scalar.Tag() == "!"; }

}  // namespace torchport::runtime
