#include "runtime/cli/error_text.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "runtime/cli/columns.h"
#include "runtime/error/error.h"
#include "runtime/error/error_catalogue.h"
#include "runtime/spec/spec.h"
#include "runtime/text/json_text.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

const ErrorEntry* find_entry(std::string_view name) {
  for (const ErrorEntry& entry : error_catalogue().entries)
    if (lower(name) == lower(entry.id) || lower(name) == lower(entry.class_name()) || name == std::to_string(entry.code))
      return &entry;
  return nullptr;
}

/// What an exit status means, by its number; nothing where it is none.
const std::string* find_status(std::string_view number) {
  for (const auto& [status, meaning] : error_catalogue().exit_statuses)
    if (number == std::to_string(status)) return &meaning;
  return nullptr;
}

/// The errors that end a run with this exit status, for some reasons of theirs or for all.
std::vector<std::string> errors_with(std::string_view status) {
  std::vector<std::string> names;
  for (const ErrorEntry& entry : error_catalogue().entries) {
    const auto ends_so = [&](const auto& reason) { return std::to_string(reason.second.exit_status) == status; };
    if (std::any_of(entry.reasons.begin(), entry.reasons.end(), ends_so)) names.push_back(entry.class_name());
  }
  return names;
}

/// "InvalidDatasetError (18)"
std::string with_code(const ErrorEntry& entry) { return entry.class_name() + " (" + std::to_string(entry.code) + ")"; }

[[noreturn]] void refuse(std::string_view name) {
  const auto& entries = error_catalogue().entries;  // by their codes
  int number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (fault == std::errc() && end == name.data() + name.size()) {
    const auto above = std::find_if(entries.begin(), entries.end(), [&](const ErrorEntry& entry) { return entry.code > number; });
    std::vector<std::string> near;
    if (above != entries.begin()) near.push_back(with_code(*std::prev(above)));
    if (above != entries.end()) near.push_back(with_code(*above));
    throw Error("ParameterParsing.unknown_number", {{"number", std::string(name)}, {"near", join(near, " and ")}});
  }
  std::vector<std::string> names;
  for (const ErrorEntry& entry : entries) names.push_back(entry.class_name());
  const std::string near = nearest(name, names);
  throw Error("ParameterParsing.unknown_error",
              {{"error", std::string(name)}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}});
}

}  // namespace

std::string errors_text() {
  std::vector<std::pair<std::string, std::string>> errors, statuses;
  for (const ErrorEntry& entry : error_catalogue().entries) errors.emplace_back("  " + with_code(entry), entry.title);
  for (const auto& [status, meaning] : error_catalogue().exit_statuses)
    statuses.emplace_back("  " + std::to_string(status), meaning);
  return "Errors, with the designer's codes\n" + columns(errors) + "\nExit statuses\n" + columns(statuses) +
         "\ntorchport explain NAME, or the number, says more about one.\n";
}

std::string errors_json() {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array(), statuses = nlohmann::ordered_json::array();
  for (const ErrorEntry& entry : error_catalogue().entries)
    errors.push_back(
        {{"name", entry.class_name()}, {"code", entry.code}, {"exit_status", entry.exit_status}, {"title", entry.title}});
  for (const auto& [status, meaning] : error_catalogue().exit_statuses)
    statuses.push_back({{"exit_status", status}, {"meaning", meaning}});
  return json_text(nlohmann::ordered_json{{"errors", errors}, {"exit_statuses", statuses}});
}

std::string error_json(std::string_view name) {
  const ErrorEntry* const found = find_entry(name);
  if (!found) {
    const std::string* const meaning = find_status(name);
    if (!meaning) refuse(name);
    return json_text(nlohmann::ordered_json{
        {"exit_status", std::stoi(std::string(name))}, {"meaning", *meaning}, {"errors", errors_with(name)}});
  }
  const ErrorEntry& entry = *found;
  nlohmann::ordered_json reasons = nlohmann::ordered_json::array();
  for (const auto& [key, reason] : entry.reasons)
    reasons.push_back({{"reason", key},
                       {"message", reason.message},
                       {"hint", Specs::get().with_makers(reason.hint)},
                       {"exit_status", reason.exit_status}});
  return json_text(nlohmann::ordered_json{{"name", entry.class_name()},
                                          {"code", entry.code},
                                          {"exit_status", entry.exit_status},
                                          {"title", entry.title},
                                          {"reasons", reasons}});
}

std::string error_text(std::string_view name) {
  const ErrorEntry* const found = find_entry(name);
  const std::string* const meaning = find_status(name);
  const std::string status = meaning ? "Exit status " + std::string(name) : "";
  if (!found) {
    if (!meaning) refuse(name);
    const auto errors = errors_with(name);
    return status + ": " + *meaning + "\n" +
           (errors.empty() ? "" : "\n" + indented("Errors that end so: " + join(errors, ", ") + ".", 2));
  }
  const ErrorEntry& entry = *found;
  std::string out = entry.class_name() + ": " + entry.title + "\n\n  Code " + std::to_string(entry.code) + ", exit status " +
                    std::to_string(entry.exit_status) + ".\n";
  for (const auto& [key, reason] : entry.reasons) {
    const bool other = reason.exit_status != entry.exit_status;
    out +=
        "\n" + indented(reason.message, 2) +
        indented(Specs::get().with_makers(reason.hint) + (other ? " Exit status " + std::to_string(reason.exit_status) + "." : ""),
                 8);
  }
  return out + (meaning ? "\n" + status + " is another number: " + *meaning + "\n" : "");
}

}  // namespace torchport::runtime
