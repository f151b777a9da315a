#include "runtime/azure/bound.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "runtime/text/text.h"

namespace torchport::runtime::azure {
namespace {

constexpr std::string_view kOpen = "${{", kClose = "}}";

void unclear(FileFaults& faults, const YAML::Node& node, const std::string& reason) {
  faults.add(node, "FileParsingFailed.azure", {{"reason", reason}});
}

/// parent.inputs.NAME or parent.jobs.JOB.outputs.OUTPUT
Bound reference(const std::string& text, const YAML::Node& node, const Scope& scope, FileFaults& faults) {
  const std::vector<std::string> parts = split(text, '.');
  Bound bound;
  if (parts.size() == 3 && parts[0] == "parent" && parts[1] == "inputs") {
    scope.taken.insert(parts[2]);
    const auto found = scope.inputs.find(parts[2]);
    if (found != scope.inputs.end()) {
      bound = found->second;
      if (bound.place.empty()) bound.place = faults.place(node);
    } else {
      unclear(faults, node, "the pipeline has no input '" + parts[2] + "'");
    }
    return bound;
  }
  if (parts.size() == 5 && parts[0] == "parent" && parts[1] == "jobs" && parts[3] == "outputs")
    return {Bound::Kind::wire, "", scope.prefix + parts[2], parts[4], "", faults.place(node), {}};
  unclear(faults, node, "'" + text + "' is neither parent.inputs.NAME nor parent.jobs.JOB.outputs.OUTPUT");
  return bound;
}

}  // namespace

std::string azure_text(const YAML::Node& scalar) {
  static const std::vector<std::string> truths = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
  static const std::vector<std::string> others = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
  const std::string text = scalar.Scalar();
  if (is_quoted(scalar)) return text;
  if (std::find(truths.begin(), truths.end(), text) != truths.end()) return "True";
  if (std::find(others.begin(), others.end(), text) != others.end()) return "False";
  return text;
}

Bound bind(const YAML::Node& node, const Scope& scope, FileFaults& faults) {
  if (!node || node.IsNull()) return {};
  if (node.IsMap()) {
    if (node["path"]) return bind(node["path"], scope, faults);
    return node["default"] ? bind(node["default"], scope, faults) : Bound{};
  }
  if (node.IsSequence()) {
    std::vector<std::string> parts;
    for (const auto& part : node) parts.push_back(part.IsScalar() ? part.Scalar() : "");
    return {Bound::Kind::text, "[" + join(parts, ", ") + "]", "", "", "", faults.place(node), faults.file().parent_path()};
  }
  const std::string text = azure_text(node);
  const std::size_t open = text.find(kOpen), close = text.find(kClose);
  if (open == text.npos) return {Bound::Kind::text, text, "", "", "", faults.place(node), faults.file().parent_path()};
  if (open != 0 || close == text.npos || close + kClose.size() != text.size()) {
    unclear(faults, node, "'" + text + "' is a binding with something beside it");
    return {};
  }
  return reference(trimmed(std::string_view(text).substr(kOpen.size(), close - kOpen.size())), node, scope, faults);
}

bool is_in_cloud(const std::string& path) {
  return (path.find("://") != path.npos && !path.starts_with("file:")) || path.starts_with("azureml:");
}

bool is_of_drive(const std::string& path) {
  return path.size() > 2 && std::isalpha(static_cast<unsigned char>(path[0])) && path[1] == ':' &&
         (path[2] == '\\' || path[2] == '/');
}

bool is_of_windows(const std::string& path) {
  const std::string own = path.starts_with("file:") ? path.substr(5) : path;
  return own.starts_with(".\\") || own.starts_with("..\\");
}

std::string local_path(const std::string& path) {
  std::string local = path;
  for (const std::string_view head : {"file://localhost/", "file:///"})
    if (local.starts_with(head)) local = local.substr(head.size() - 1);
  if (local.starts_with("file:")) local = local.substr(local.starts_with("file://") ? 7 : 5);
  if (is_of_windows(local)) std::replace(local.begin(), local.end(), '\\', '/');
  return local;
}

}  // namespace torchport::runtime::azure
