#include "component/report/page_files.h"

#include <stdexcept>
#include <string>

namespace torchport::component {

std::string_view page_file(std::string_view name) {
  for (const auto* const files : {&embedded_page(), &embedded_libraries()})
    for (const auto& [file, text] : *files)
      if (file == name) return text;
  throw std::logic_error("component/report/page/ lacks " + std::string(name));
}

runtime::Language page_language(const std::string& language) {
  return language == "en" ? runtime::Language() : runtime::Language(language, page_file(language + ".txt"));
}

}  // namespace torchport::component
