#include "runtime/text/language.h"

#include "runtime/text/text.h"

namespace torchport::runtime {

Language::Language(std::string name, std::string_view table) : name_(std::move(name)) {
  for (const std::string& line : split(table, '\n')) {
    constexpr std::string_view kBetween = " = ";
    if (const std::size_t at = line.find(kBetween); at != line.npos)
      table_.emplace(line.substr(0, at), line.substr(at + kBetween.size()));
  }
}

std::string Language::operator()(std::string_view english) const {
  const auto found = table_.find(english);
  return found == table_.end() ? std::string(english) : found->second;
}

std::string Language::operator()(std::string_view english, const std::vector<std::string>& parts) const {
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

}  // namespace torchport::runtime
