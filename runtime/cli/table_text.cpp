#include "runtime/cli/table_text.h"

#include "runtime/text/secrets.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::runtime {

std::string table_text(const std::vector<std::vector<std::string>>& rows, std::size_t gap) {
  const auto shown = [](const std::string& cell) { return visible(without_secrets(cell)); };
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(shown(row[i])));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = shown(row[i]);
      out += cell + (i + 1 < row.size() ? std::string(widths[i] - columns_of(cell) + gap, ' ') : "");
    }
    out += "\n";
  }
  return out;
}

}  // namespace torchport::runtime
