#include "runtime/pipeline/file_faults.h"

#include <algorithm>

#include "runtime/text/text.h"

namespace torchport::runtime {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "" : "Did you mean " + near + "? ";
}

FileFaults::FileFaults(std::filesystem::path file, Problems& problems, std::vector<std::string> origins)
    : file_(std::move(file)), problems_(problems), origins_(std::move(origins)) {}

std::string FileFaults::place(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  const auto line = static_cast<std::size_t>(std::max(mark.line, 0));
  if (!origins_.empty()) return line < origins_.size() && !origins_[line].empty() ? origins_[line] : file_.string();
  return file_.string() + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

void FileFaults::unclear(const YAML::Node& node, const std::string& reason) { add(node, unclear_, {{"reason", reason}}); }

bool FileFaults::expect_map(const YAML::Node& node, const std::string& what) {
  if (!node.IsMap()) unclear(node, what + " must be a map of names and values");
  return node.IsMap();
}

std::string FileFaults::scalar(const YAML::Node& node, const std::string& what) {
  const std::string text = node.IsScalar() ? node.Scalar() : "";
  if (text.empty() || text.find('\0') != text.npos) unclear(node, what + " must be a text or a number");
  return text;
}

YAML::Node FileFaults::required(const YAML::Node& map, const std::string& key, const std::string& what) {
  if (!map[key]) add(map, "NullOrEmpty.pipeline_key", {{"what", what}, {"key", key}});
  return map[key];
}

void FileFaults::keys(const YAML::Node& map, const std::string& what, const std::vector<std::string>& known) {
  for (const auto& entry : map) {
    const std::string& key = entry.first.Scalar();
    if (std::find(known.begin(), known.end(), key) == known.end())
      add(entry.first, "ParameterParsing.pipeline_key",
          {{"key", key}, {"what", what}, {"nearest", did_you_mean(key, known)}, {"keys", join(known, ", ")}});
  }
}

}  // namespace torchport::runtime
