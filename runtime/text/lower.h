// Small letters, of ASCII only and whatever the locale: for extensions and for words of a program. Used wherever names are compared
// without regard to case.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace torchport::runtime {

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), [](char c) { return lower(c); });
  return small;
}

}  // namespace torchport::runtime
