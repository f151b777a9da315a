// Tables for terminals. Called by the commands.
#pragma once
#include <string>
#include <vector>

namespace torchport::runtime {

/// Rows in columns with `gap` spaces between them; control characters are made visible.
std::string table_text(const std::vector<std::vector<std::string>>& rows, std::size_t gap = 2);

}  // namespace torchport::runtime
