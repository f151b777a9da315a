// CSV (RFC 4180) read row by row. Used for label files, and for the tables that runs leave, where Arrow's reader would be 60 MB of
// a program.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

/// Hands each row's fields to `take`, the first row's too, until it returns false. A quoted field may hold commas, quotes and
/// lines. Returns whether the last one ends: else the text is cut.
bool read_csv(std::string_view text, const std::function<bool(const std::vector<std::string>& fields)>& take);

}  // namespace torchport::runtime
