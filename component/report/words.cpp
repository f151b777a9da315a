#include "component/report/words.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/text/text.h"

namespace torchport::component {

std::string_view page_file(std::string_view name) {
  for (const auto* const files : {&embedded_page(), &embedded_libraries()})
    for (const auto& [file, text] : *files)
      if (file == name) return text;
  throw std::logic_error("component/report/page/ lacks " + std::string(name));
}

Words::Words(std::string_view language) : language_(language) {
  if (language == "en") return;
  for (const std::string& line : runtime::split(page_file(language_ + ".txt"), '\n')) {
    constexpr std::string_view kBetween = " = ";
    if (const std::size_t at = line.find(kBetween); at != line.npos)
      table_.emplace(line.substr(0, at), line.substr(at + kBetween.size()));
  }
}

std::string Words::operator()(std::string_view english) const {
  const auto found = table_.find(english);
  return found == table_.end() ? std::string(english) : found->second;
}

std::string Words::operator()(std::string_view english, const std::vector<std::string>& parts) const {
  std::string text;
  const std::string pattern = (*this)(english);
  for (std::size_t at = 0; at < pattern.size();) {
    const bool part = pattern[at] == '{' && at + 2 < pattern.size() && pattern[at + 2] == '}';
    const auto number = part ? static_cast<std::size_t>(pattern[at + 1] - '0') : parts.size();
    if (number < parts.size()) {
      text += parts[number];
      at += 3;
    } else {
      text += pattern[at++];
    }
  }
  return text;
}

}  // namespace torchport::component
