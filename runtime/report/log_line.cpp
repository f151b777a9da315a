#include "runtime/report/log_line.h"

#include <algorithm>

#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kSource = " studio.core          ";
constexpr std::size_t kTimeLength = 23;   ///< 2026-11-29 20:58:56,123
constexpr std::size_t kLevelLength = 11;  ///< with the blanks behind it

}  // namespace

std::string printable(std::string_view message) {
  std::string text;
  for (std::size_t begin = 0; begin <= message.size();) {
    const std::size_t tab = std::min(message.find('\t', begin), message.size());
    if (begin > 0) text += '\t';
    text += visible(message.substr(begin, tab - begin));
    begin = tab + 1;
  }
  return text;
}

std::string log_line_head(std::string_view time, std::string_view level) {
  std::string text = std::string(time) + std::string(kSource) + std::string(level);
  text.append(level.size() + 1 < kLevelLength ? kLevelLength - level.size() : 1, ' ');
  return text;
}

std::optional<LogLine> read_log_line(std::string_view line) {
  const std::size_t head = kTimeLength + kSource.size() + kLevelLength;
  if (line.size() < head || line.substr(kTimeLength, kSource.size()) != kSource) return std::nullopt;
  const std::string_view level = line.substr(kTimeLength + kSource.size(), kLevelLength);
  LogLine parts{level.substr(0, level.find(' ')), line.substr(head)};
  while (parts.message.starts_with(kBlockBar)) parts.message.remove_prefix(kBlockBar.size());
  return parts;
}

}  // namespace torchport::runtime
