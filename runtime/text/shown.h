// Foreign text in a sentence: safe to show, and no longer than a reader wants. Used where a text may be as long as a whole request.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

/// visible() of the first `most` bytes, and "..." where there are more.
std::string shown(std::string_view text, std::size_t most);

}  // namespace torchport::runtime
