#include "runtime/cli/error_text.h"

#include <nlohmann/json.hpp>

#include "runtime/cli/columns.h"
#include "runtime/error/error.h"
#include "runtime/error/error_catalogue.h"
#include "runtime/spec/spec.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

const ErrorEntry& entry_of(std::string_view name) {
  std::vector<std::string> names;
  for (const ErrorEntry& entry : error_catalogue().entries) {
    names.push_back(entry.class_name());
    if (lower(name) == lower(entry.id) || lower(name) == lower(names.back()) || name == std::to_string(entry.code)) return entry;
  }
  const std::string near = nearest(name, names);
  throw Error("ParameterParsing.unknown_error",
              {{"error", std::string(name)}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}});
}

}  // namespace

std::string errors_text() {
  std::vector<std::pair<std::string, std::string>> errors, statuses;
  for (const ErrorEntry& entry : error_catalogue().entries) errors.emplace_back("  " + entry.class_name(), entry.title);
  for (const auto& [status, meaning] : error_catalogue().exit_statuses)
    statuses.emplace_back("  " + std::to_string(status), meaning);
  return "Errors\n" + columns(errors) + "\nExit statuses\n" + columns(statuses) + "\ntorchport explain NAME says more about one.\n";
}

std::string errors_json() {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array(), statuses = nlohmann::ordered_json::array();
  for (const ErrorEntry& entry : error_catalogue().entries)
    errors.push_back(
        {{"name", entry.class_name()}, {"code", entry.code}, {"exit_status", entry.exit_status}, {"title", entry.title}});
  for (const auto& [status, meaning] : error_catalogue().exit_statuses)
    statuses.push_back({{"exit_status", status}, {"meaning", meaning}});
  return nlohmann::ordered_json{{"errors", errors}, {"exit_statuses", statuses}}.dump(2) + "\n";
}

std::string error_json(std::string_view name) {
  const ErrorEntry& entry = entry_of(name);
  nlohmann::ordered_json reasons = nlohmann::ordered_json::array();
  for (const auto& [key, reason] : entry.reasons)
    reasons.push_back({{"reason", key},
                       {"message", reason.message},
                       {"hint", Specs::get().with_makers(reason.hint)},
                       {"exit_status", reason.exit_status}});
  return nlohmann::ordered_json{{"name", entry.class_name()},
                                {"code", entry.code},
                                {"exit_status", entry.exit_status},
                                {"title", entry.title},
                                {"reasons", reasons}}
             .dump(2) +
         "\n";
}

std::string error_text(std::string_view name) {
  const ErrorEntry& entry = entry_of(name);
  std::string out = entry.class_name() + ": " + entry.title + "\n\n  Code " + std::to_string(entry.code) + ", exit status " +
                    std::to_string(entry.exit_status) + ".\n";
  for (const auto& [key, reason] : entry.reasons) {
    const bool other = reason.exit_status != entry.exit_status;
    out +=
        "\n" + indented(reason.message, 2) +
        indented(Specs::get().with_makers(reason.hint) + (other ? " Exit status " + std::to_string(reason.exit_status) + "." : ""),
                 8);
  }
  return out;
}

}  // namespace torchport::runtime
