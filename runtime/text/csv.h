// Fields of CSV files (RFC 4180). Used by the writers of tables and label maps.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

/// The text as one field: in quotes where a comma, a quote or the end of a line is in it, also a carriage return, which ends a row
/// for pandas.
inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace torchport::runtime
