// JSON from outside, read under limits, so that no text costs more memory or stack than its reader has stated.
// Called by all that read what another program, another run or a user wrote; runtime/text/json_rows.h is for files of many rows.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace torchport::runtime {

/// Checked while the text is read. A value takes up to 150 bytes of memory, of two of text.
struct JsonLimits {
  std::size_t depth = 64;          ///< of lists and objects in each other; they are copied by recursion
  std::size_t values = 1'000'000;  ///< lists and objects included
};

/// What is wrong: "it is not valid JSON (line 3, column 7: a comma with nothing after it)".
struct JsonError : std::runtime_error {
  explicit JsonError(const std::string& what_is_wrong) : std::runtime_error("it " + what_is_wrong), reason(what_is_wrong) {}
  std::string reason;  ///< without its subject: "has the key 'a' twice"
};

/// Parses a text of UTF-8 without a byte order mark. Keys may not be repeated: two programs could take them differently.
/// \throws JsonError
nlohmann::json parse_json(std::string_view text, const JsonLimits& limits = {});

/// A whole number that fits into 64 bits with a sign; nothing of any other value. nlohmann would make -2^63 of 2^63.
std::optional<std::int64_t> whole_number(const nlohmann::json& value);

/// parse_json() with the keys in the text's order. An object's keys are searched one by one: limit their number.
nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonLimits& limits);

}  // namespace torchport::runtime
