// The merge key of YAML 1.1, "<<: *common", which yaml-cpp takes for a key like any other. Used by the parser of YAML.
#pragma once
#include <yaml-cpp/yaml.h>

namespace torchport::runtime {

/// Puts the entries of the maps that merge keys name in their places, in all maps below `root`: what a map says itself counts, then
/// what the first of several maps says. Entries keep the places where they are written. \throws YamlError where a merge key names
/// something else
void resolve_merge_keys(const YAML::Node& root);

}  // namespace torchport::runtime
