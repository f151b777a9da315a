#include "runtime/text/merge_keys.h"

#include <set>
#include <string>
#include <vector>

#include "runtime/text/yaml.h"

namespace torchport::runtime {
namespace {

bool is_merge_key(const YAML::Node& key) { return key.IsScalar() && key.Scalar() == "<<" && !is_quoted(key); }

void merge(YAML::Node& map, const YAML::Node& other, const YAML::Node& key) {
  if (!other.IsMap())
    throw YamlError(key.Mark().line + 1, key.Mark().column + 1, "a merge key (<<) takes a map, or a list of maps");
  std::set<std::string> own;
  for (const auto& entry : map) own.insert(entry.first.Scalar());
  for (const auto& entry : other)
    if (!own.contains(entry.first.Scalar())) map[entry.first] = entry.second;
}

}  // namespace

void resolve_merge_keys(const YAML::Node& root) {
  if (root.IsSequence())
    for (const auto& part : root) resolve_merge_keys(part);
  if (!root.IsMap()) return;
  std::vector<YAML::Node> keys;  // one at most: no key is given twice
  for (const auto& entry : root) {
    resolve_merge_keys(entry.second);
    if (is_merge_key(entry.first)) keys.push_back(entry.first);
  }
  YAML::Node map = root;  // the same map
  for (const YAML::Node& key : keys) {
    const YAML::Node named = map[key];
    map.remove(key);
    if (named.IsSequence()) {
      for (const auto& one : named) merge(map, one, key);
    } else {
      merge(map, named, key);
    }
  }
}

}  // namespace torchport::runtime
