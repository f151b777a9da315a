// YAML under strict rules, for specs and for typed directories: no anchors, aliases, tags, duplicate keys, second documents or
// NULs. Included by sources only: everything above gets C++ values.
#pragma once
#include <yaml-cpp/yaml.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// What is wrong, with line and column: "line 3, column 7: the key 'type' is given twice".
struct YamlError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Parses one document of at most 1 MiB. \throws YamlError
YAML::Node parse_yaml(std::string_view text);

}  // namespace torchport::runtime
