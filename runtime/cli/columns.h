// Text laid out for a terminal of kWidth columns. Used by the help and by torchport explain.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::runtime {

inline constexpr std::size_t kWidth = 100;  ///< columns

/// Broken into lines that begin with `indent` spaces.
std::string indented(std::string_view text, std::size_t indent);

/// Texts beside the names that they are about. `width` of the names' column; 0: as wide as they need.
std::string columns(const std::vector<std::pair<std::string, std::string>>& rows, std::size_t width = 0);

}  // namespace torchport::runtime
