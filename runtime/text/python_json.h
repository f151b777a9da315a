// Numbers and strings spelled as Python's json module spells them, so that records equal the original's byte for byte.
// Used by the metric stream and by error_info.json.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

/// The shortest text that reads back as `value`: 1.0, 0.000250075, 1e-05, 1e+16, NaN, Infinity.
std::string python_float(double value);

/// In double quotes, ASCII only; broken UTF-8 becomes U+FFFD.
std::string python_string(std::string_view text);

}  // namespace torchport::runtime
