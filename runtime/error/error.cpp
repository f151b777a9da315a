#include "runtime/error/error.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

#include "runtime/error/error_catalogue.h"
#include "runtime/spec/spec.h"
#include "runtime/text/json.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::runtime {
namespace {

constexpr const char* kAt = "at";  ///< label of the place in a file that an error is about

std::string fill(std::string_view pattern, const Fields& fields, std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    const std::size_t open = std::min(pattern.find('{', i), pattern.size());
    out += pattern.substr(i, open - i);
    if (open == pattern.size()) break;
    const std::size_t close = pattern.find('}', open);
    if (close == pattern.npos) throw std::logic_error(std::string(key) + ": a bracket stays open in spec/errors.yaml");
    const std::string name(pattern.substr(open + 1, close - open - 1));
    const auto field = fields.find(name);
    if (field == fields.end()) throw std::logic_error(std::string(key) + ": the field '" + name + "' was not given");
    out += field->second;
    i = close + 1;
  }
  return out;
}

/// The specs are asked only where a hint names makers: an error may be about the specs themselves.
std::string with_makers(const std::string& hint) {
  return hint.find("{maker") == hint.npos ? hint : Specs::get().with_makers(hint);
}

}  // namespace

Error::Error(std::string_view key, Fields fields, std::vector<Detail> details)
    : key_(key), fields_(std::move(fields)), details_(std::move(details)) {
  const auto [entry, reason] = find_error(key);
  // Whoever prints an error later, a file name must not be able to forge a line of the log or steer a terminal, and the secrets of
  // an address stay where they are.
  for (auto& [name, value] : fields_) value = visible(without_secrets(value));
  for (Detail& detail : details_) detail = {visible(detail.label), visible(without_secrets(detail.value))};
  id_ = entry->id;
  code_ = entry->code;
  exit_status_ = reason->exit_status;
  message_ = fill(reason->message, fields_, key);
  hint_ = fill(with_makers(reason->hint), fields_, key);
}

std::string Error::class_name() const { return find_error(key_).first->class_name(); }

std::string Error::path() const {
  const auto found = fields_.find("path");
  return found == fields_.end() ? std::string() : found->second;
}

std::string Error::render(std::string_view subject) const {
  std::vector<Detail> rows = details_;
  const std::string place = path();
  const auto after_at = rows.begin() + (!rows.empty() && rows.front().label == kAt ? 1 : 0);
  const bool shown = place.empty() || find_error(key_).second->message.find("{path}") != std::string::npos ||
                     std::any_of(after_at, rows.end(), [&](const Detail& row) { return row.value.starts_with(place); });
  if (!shown) rows.insert(after_at, {"path", place});
  rows.push_back({"hint", hint_});
  std::size_t width = 0;
  for (const Detail& row : rows) width = std::max(width, columns_of(row.label));
  std::string out = "error[" + class_name() + "] " + visible(subject) + ": " + message_ + "\n";
  for (const Detail& row : rows) {
    out += "  " + row.label + std::string(width - columns_of(row.label) + 3, ' ') + row.value + "\n";
  }
  return out;
}

Error Error::at(const std::string& place) const {
  Error located = *this;
  located.details_.insert(located.details_.begin(), {kAt, visible(without_secrets(place))});
  return located;
}

std::string Error::encode() const {
  nlohmann::json details = nlohmann::json::array();
  for (const Detail& detail : details_) details.push_back({detail.label, detail.value});
  // A path may be any bytes.
  return nlohmann::json{{"key", key_}, {"fields", fields_}, {"details", details}}.dump(-1, ' ', false,
                                                                                       nlohmann::json::error_handler_t::replace);
}

Error Error::decode(std::string_view text) {
  const auto json = parse_json(text);
  std::vector<Detail> details;
  for (const auto& row : json.at("details")) details.push_back({row.at(0), row.at(1)});
  return Error(json.at("key").get<std::string>(), json.at("fields").get<Fields>(), std::move(details));
}

std::string render_all(const std::vector<Error>& errors, std::string_view subject) {
  std::string out;
  for (const Error& error : errors) out += error.render(subject);
  return out + "torchport explain NAME says more about an error.\n";
}

Error as_bug(const std::exception& exception) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(typeid(exception).name(), nullptr, nullptr, &status),
                                                         std::free);
  return Error("LibraryException.bug", {{"class", name ? name.get() : typeid(exception).name()}, {"reason", exception.what()}});
}

void Problems::throw_if_any() const {
  if (all_.size() == 1) throw all_.front();
  if (!all_.empty()) throw Errors(all_);
}

}  // namespace torchport::runtime
