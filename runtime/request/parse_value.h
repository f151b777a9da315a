// One value of a parameter, from text and as text. Used for command lines, pipelines, the defaults of specs, model_spec.yaml, and
// where values are shown.
#pragma once
#include <string_view>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// Parses one value: decimal 64-bit integers, floats as std::from_chars reads them, True or False. \throws Error: ParameterParsing
/// 2, GreaterThan 4, GreaterThanOrEqualTo 5, LessThan 6, LessThanOrEqualTo 7, NotInRangeValue 8, NaN 32, Infinity 33.
Value parse_value(const ParameterSpec& parameter, std::string_view text);

/// A text of which parse_value() makes the same value: a number in the fewest digits that do.
std::string text_of_value(const Value& value);

}  // namespace torchport::runtime
