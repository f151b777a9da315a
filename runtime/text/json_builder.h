// Makes a value of the events of nlohmann's parser, within limits, and words of its errors.
// Used by the readers of JSON in this folder only.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {

/// Why the parser stopped, e.g. "line 3, column 7: a comma with nothing after it".
std::string json_fault(const nlohmann::json::exception& error, const std::string& last_token);

/// nlohmann's interface for events (json_sax), one value from its first event to its last.
template <class Json>
class JsonBuilder {
 public:
  explicit JsonBuilder(const JsonLimits& limits) : limits_(limits) {}
  Json take() {
    count_ = 0;
    return std::exchange(root_, nullptr);
  }
  /// How many lists and objects are open.
  std::size_t depth() const { return open_.size(); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return enter(Json::object()); }
  bool start_array(std::size_t) { return enter(Json::array()); }
  bool end_object() { return leave(); }
  bool end_array() { return leave(); }
  bool key(std::string& name) {
    const auto [entry, added] = open_.back()->template get_ptr<typename Json::object_t*>()->emplace(name, nullptr);
    if (!added) throw JsonError("has the key '" + visible(name.substr(0, 100)) + "' twice");
    place_ = &entry->second;
    return true;
  }
  bool parse_error(std::size_t, const std::string& last_token, const nlohmann::json::exception& error) {
    throw JsonError("is not valid JSON (" + json_fault(error, last_token) + ")");
  }

 private:
  Json* put(Json value) {
    if (++count_ > limits_.values) throw JsonError("holds more than " + std::to_string(limits_.values) + " values");
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*place_ = std::move(value));
    auto& list = *open_.back()->template get_ptr<typename Json::array_t*>();
    return &list.emplace_back(std::move(value));
  }
  bool enter(Json value) {
    if (open_.size() == limits_.depth) throw JsonError("is nested deeper than " + std::to_string(limits_.depth) + " levels");
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool leave() {
    open_.pop_back();
    return true;
  }

  const JsonLimits limits_;
  Json root_ = nullptr;
  std::vector<Json*> open_;  ///< what is within them does not move while they are open
  Json* place_ = nullptr;    ///< of the last key's value
  std::size_t count_ = 0;
};

}  // namespace torchport::runtime
