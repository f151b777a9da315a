// One value of a parameter, from text. Used for command lines, pipelines, the defaults of specs and model_spec.yaml.
#pragma once
#include <string_view>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// Parses one value: decimal 64-bit integers, floats as std::from_chars reads them, True or False. \throws Error: ParameterParsing
/// 2, GreaterThan 4, GreaterThanOrEqualTo 5, LessThan 6, LessThanOrEqualTo 7, NotInRangeValue 8, NaN 32, Infinity 33.
Value parse_value(const ParameterSpec& parameter, std::string_view text);

}  // namespace torchport::runtime
