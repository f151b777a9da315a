// One map of a spec file, read key by key; whatever is missing, of another type or unknown becomes an error with file and line.
// Used by the spec reader only.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/text/yaml.h"

namespace torchport::runtime {

class SpecMap {
 public:
  /// `path` names the file in errors; `what` the map, e.g. "parameter 'epochs'". \throws Error FileParsingFailed.spec if it is no
  /// map
  SpecMap(std::string path, YAML::Node node, std::string what);

  bool has(const std::string& key) const { return static_cast<bool>(node_[key]); }
  /// A scalar that is not empty. \throws Error FileParsingFailed.spec, like all that follow
  std::string text(const std::string& key);
  std::string text_or(const std::string& key, const std::string& fallback);
  bool boolean_or(const std::string& key, bool fallback);
  std::int64_t integer(const std::string& key);
  std::vector<std::string> texts(const std::string& key);
  /// The node itself, for what is neither.
  YAML::Node node(const std::string& key);
  /// The entries of the map under `key`, in the order of the file; none where it is absent.
  std::vector<std::pair<std::string, SpecMap>> maps(const std::string& key);
  SpecMap map(const std::string& key);

  /// To be called when all is read: refuses the keys that were not asked for.
  void finish() const;
  /// Reports `reason` at the line of `key`, or of the map.
  [[noreturn]] void fail(const std::string& reason, const std::string& key = "") const;

 private:
  YAML::Node required(const std::string& key);
  std::string path_;
  YAML::Node node_;
  std::string what_;
  std::set<std::string> known_;
};

/// A decimal 64-bit integer without leading zeros, plus sign or spaces; nothing for any other text.
std::optional<std::int64_t> decimal_integer(std::string_view text);

}  // namespace torchport::runtime
