// What a page brings with it: its style, its scripts, its words in other languages. Used by all that writes the report.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/text/language.h"

namespace torchport::component {

/// The generated tables of component/report/page/ and of Chart.js: {file name, text}.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_page();
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_libraries();
/// The text of one of these files. \throws std::logic_error where there is none
std::string_view page_file(std::string_view name);

/// `language`: "en", or one of component/report/page/<language>.txt. \throws std::logic_error where there is none
runtime::Language page_language(const std::string& language);

}  // namespace torchport::component
