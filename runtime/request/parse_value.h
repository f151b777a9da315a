// One value of a parameter, from text and as text. Used for command lines, pipelines, the defaults of specs, model_spec.yaml, and
// where values are shown.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// Parses one value: decimal 64-bit integers, floats as std::from_chars reads them, True or False, also in small letters, a
/// size as 224 or [224, 192]. \throws Error: ParameterParsing
/// 2, GreaterThan 4, GreaterThanOrEqualTo 5, LessThan 6, LessThanOrEqualTo 7, NotInRangeValue 8, NaN 32, Infinity 33.
Value parse_value(const ParameterSpec& parameter, std::string_view text);

/// What whoever gave a value should know of how it is taken.
struct ValueNote {
  bool warning = false;  ///< else it says only how the text is understood
  std::string text;      ///< "--center_crop is 224, which is taken as True: of a number only 0 is False"
};

struct Understood {
  Value value;
  std::optional<ValueNote> note;
};

/// What somebody gave a component: parse_value, but also a number for True or False, as the original took it. With a note where
/// there is something to say. \throws Error as parse_value
Understood understand(const ParameterSpec& parameter, std::string_view text);

/// As JSON; one length is a number.
nlohmann::json json_of(const Value& value);

/// A text of which parse_value() makes the same value: a number in the fewest digits that do.
std::string text_of_value(const Value& value);

}  // namespace torchport::runtime
