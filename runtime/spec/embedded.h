// The text files of spec/ that cmake/embed.cmake compiles into the program. Read by the error catalogue and the spec reader.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::runtime {

/// {path below spec/, text}, sorted by path.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_specs();
/// Likewise, of spec/commands/ and of spec/engines/.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_commands();
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_engines();
/// spec/<language>.txt: texts of the specs and of the help in other languages.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_languages();

}  // namespace torchport::runtime
