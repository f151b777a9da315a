// Text within XML, HTML and SVG. Used by the pictures.
#pragma once
#include <string>
#include <string_view>

#include "runtime/text/text.h"

namespace torchport::runtime {

/// For contents and for attributes in double quotes. Control characters, for which XML has no place, are made visible.
inline std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return out;
}

}  // namespace torchport::runtime
