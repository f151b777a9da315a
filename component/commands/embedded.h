// The example pipelines that cmake/embed.cmake compiles into the program. Read by torchport quick.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::component {

/// {path below examples/, text}.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_examples();

}  // namespace torchport::component
