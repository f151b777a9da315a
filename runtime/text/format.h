// Numbers as text, in a given form. Used for log lines, tables and pictures.
#pragma once
#include <string>

namespace torchport::runtime {

/// As std::snprintf formats, e.g. formatted("%.1f s", seconds); of any length.
__attribute__((format(__printf__, 1, 2))) std::string formatted(const char* format, ...);

/// "640 x 480": width, then height.
template <class Number>
std::string size_text(Number width, Number height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace torchport::runtime
