#include "runtime/text/language.h"

#include <algorithm>
#include <optional>

#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

/// The pattern's own characters at `at`, up to its next part.
std::string_view literal_at(std::string_view pattern, std::size_t at) { return pattern.substr(at, pattern.find('{', at) - at); }

/// What stands for {0}, {1}, ... in a text of this pattern, by these numbers; nothing where the text is of another.
std::optional<std::vector<std::string>> parts_of(std::string_view pattern, std::string_view text) {
  std::vector<std::string> parts;
  const std::string_view begin = literal_at(pattern, 0);
  if (begin.size() == pattern.size() || !text.starts_with(begin)) return std::nullopt;
  std::size_t at = begin.size(), read = begin.size();
  while (at < pattern.size()) {
    if (at + 2 >= pattern.size() || pattern[at + 2] != '}') return std::nullopt;
    const auto number = static_cast<std::size_t>(pattern[at + 1] - '0');
    const std::string_view literal = literal_at(pattern, at += 3);
    const bool last =
        at + literal.size() == pattern.size();  // a part may have characters of the end in it, as 3.16 has a full stop
    const std::size_t end = !last                     ? text.find(literal, read + 1)
                            : text.ends_with(literal) ? text.size() - literal.size()
                                                      : text.npos;
    if (number > 9 || end == text.npos || end <= read) return std::nullopt;
    parts.resize(std::max(parts.size(), number + 1));
    parts[number] = text.substr(read, end - read);
    read = end + literal.size();
    at += literal.size();
  }
  return read == text.size() ? std::optional(parts) : std::nullopt;
}

}  // namespace

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

std::string Language::sentence(const std::string& english) const {
  const std::string* best = nullptr;
  std::vector<std::string> best_parts;
  std::size_t words = 0;
  for (const auto& [pattern, other] : table_) {
    auto parts = parts_of(pattern, english);
    if (!parts || pattern.size() - 3 * parts->size() <= words) continue;
    words = pattern.size() - 3 * parts->size();
    best = &pattern;
    best_parts = std::move(*parts);
  }
  return best ? (*this)(*best, best_parts) : (*this)(english);
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
