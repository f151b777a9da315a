#include "runtime/cli/columns.h"

#include <algorithm>

#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::runtime {

std::string indented(std::string_view text, std::size_t indent) {
  std::string out;
  for (const std::string& line : wrap(text, kWidth - indent)) out += std::string(indent, ' ') + line + "\n";
  return out;
}

std::string columns(const std::vector<std::pair<std::string, std::string>>& rows, std::size_t width) {
  if (width == 0)
    for (const auto& [name, text] : rows) width = std::max(width, columns_of(name) + 3);
  std::string out;
  for (const auto& [name, text] : rows) {
    const std::vector<std::string> lines = wrap(text, kWidth - width);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& left = i == 0 ? name : "";
      out += left + std::string(width - columns_of(left), ' ') + lines[i] + "\n";
    }
  }
  return out;
}

}  // namespace torchport::runtime
