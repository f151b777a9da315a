#include "runtime/spec/spec_map.h"

#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::runtime {

SpecMap::SpecMap(std::string path, YAML::Node node, std::string what)
    : path_(std::move(path)), node_(node), what_(std::move(what)) {
  if (!node_.IsMap()) fail(what_ + " must be a map");
}

void SpecMap::fail(const std::string& reason, const std::string& key) const {
  const YAML::Node at = node_.IsMap() && !key.empty() && node_[key] ? node_[key] : node_;
  throw Error("FileParsingFailed.spec",
              {{"path", path_}, {"reason", "line " + std::to_string(at.Mark().line + 1) + ": " + reason}});
}

YAML::Node SpecMap::required(const std::string& key) {
  known_.insert(key);
  if (!node_[key]) fail(what_ + " lacks the key '" + key + "'");
  return node_[key];
}

YAML::Node SpecMap::node(const std::string& key) { return required(key); }

std::string SpecMap::text(const std::string& key) {
  const YAML::Node value = required(key);
  if (!value.IsScalar() || value.Scalar().empty()) fail("'" + key + "' of " + what_ + " must be a text", key);
  return value.Scalar();
}

std::string SpecMap::text_or(const std::string& key, const std::string& fallback) {
  known_.insert(key);
  return has(key) ? text(key) : fallback;
}

bool SpecMap::boolean_or(const std::string& key, bool fallback) {
  const std::string value = text_or(key, fallback ? "true" : "false");
  if (value != "true" && value != "false") fail("'" + key + "' of " + what_ + " must be true or false", key);
  return value == "true";
}

std::int64_t SpecMap::integer(const std::string& key) {
  const auto value = decimal_integer(text(key));
  if (!value) fail("'" + key + "' of " + what_ + " must be a whole number", key);
  return *value;
}

std::vector<std::string> SpecMap::texts(const std::string& key) {
  const YAML::Node list = required(key);
  if (!list.IsSequence() || list.size() == 0) fail("'" + key + "' of " + what_ + " must be a list", key);
  std::vector<std::string> out;
  for (const YAML::Node& item : list) {
    if (!item.IsScalar()) fail("'" + key + "' of " + what_ + " must be a list of texts", key);
    out.push_back(item.Scalar());
  }
  return out;
}

std::vector<std::pair<std::string, SpecMap>> SpecMap::maps(const std::string& key) {
  known_.insert(key);
  std::vector<std::pair<std::string, SpecMap>> out;
  if (!has(key)) return out;
  const YAML::Node entries = node_[key];
  if (!entries.IsMap()) fail("'" + key + "' of " + what_ + " must be a map", key);
  for (const auto& entry : entries) {
    const std::string& name = entry.first.Scalar();
    out.emplace_back(name, SpecMap(path_, entry.second, "'" + name + "'"));
  }
  return out;
}

SpecMap SpecMap::map(const std::string& key) { return SpecMap(path_, required(key), "'" + key + "'"); }

void SpecMap::finish() const {
  for (const auto& entry : node_) {
    const std::string& key = entry.first.Scalar();
    if (known_.count(key)) continue;
    const std::string near = nearest(key, {known_.begin(), known_.end()});
    fail("unknown key '" + key + "' in " + what_ + (near.empty() ? "" : ", did you mean '" + near + "'?"), key);
  }
}

std::optional<std::int64_t> decimal_integer(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace torchport::runtime
