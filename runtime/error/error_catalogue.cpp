#include "runtime/error/error_catalogue.h"

#include "runtime/spec/embedded.h"
#include "runtime/text/yaml.h"

namespace torchport::runtime {
namespace {

// The catalogue is compiled in, so a fault in it is ours: yaml-cpp's exceptions become logic errors.
ErrorCatalogue parse_catalogue(std::string_view text) try {
  ErrorCatalogue catalogue;
  const YAML::Node root = parse_yaml(text);
  for (const auto& row : root["exit_statuses"])
    catalogue.exit_statuses.emplace_back(row.first.as<int>(), row.second.as<std::string>());
  for (const auto& row : root["errors"]) {
    ErrorEntry entry;
    entry.id = row.first.as<std::string>();
    entry.title = row.second["title"].as<std::string>();
    entry.code = row.second["code"].as<int>();
    entry.exit_status = row.second["exit"].as<int>();
    for (const auto& reason : row.second["reasons"]) {
      const YAML::Node& fields = reason.second;
      entry.reasons.emplace_back(reason.first.as<std::string>(),
                                 ErrorReason{fields["message"].as<std::string>(), fields["hint"].as<std::string>(),
                                             fields["exit"] ? fields["exit"].as<int>() : entry.exit_status});
    }
    catalogue.entries.push_back(std::move(entry));
  }
  return catalogue;
} catch (const std::exception& error) {
  throw std::logic_error(std::string("spec/errors.yaml: ") + error.what());
}

}  // namespace

std::string ErrorEntry::class_name() const { return id.ends_with("Error") || id.ends_with("Exception") ? id : id + "Error"; }

const ErrorCatalogue& error_catalogue() {
  static const ErrorCatalogue catalogue = [] {
    for (const auto& [path, text] : embedded_specs()) {
      if (path == "errors.yaml") return parse_catalogue(text);
    }
    throw std::logic_error("spec/errors.yaml is not embedded");
  }();
  return catalogue;
}

using Found = std::pair<const ErrorEntry*, const ErrorReason*>;

static Found look_up(std::string_view key) {
  const auto dot = key.find('.');
  for (const ErrorEntry& entry : error_catalogue().entries) {
    if (entry.id != key.substr(0, dot)) continue;
    for (const auto& [name, reason] : entry.reasons) {
      if (dot != key.npos && name == key.substr(dot + 1)) return {&entry, &reason};
    }
  }
  return {nullptr, nullptr};
}

bool has_error(std::string_view key) { return look_up(key).first != nullptr; }

Found find_error(std::string_view key) {
  const Found found = look_up(key);
  if (!found.first) throw std::logic_error("spec/errors.yaml has no " + std::string(key));
  return found;
}

}  // namespace torchport::runtime
