#include "runtime/launch/own_words.h"

#include <algorithm>
#include <utility>

namespace torchport::runtime {
namespace {

constexpr std::size_t kRule = 74;            ///< dashes above and below what mpirun says
constexpr std::size_t kLongest = 64 * 1024;  ///< of a line, and of what is held back

bool is_rule(std::string_view line) { return line.size() == kRule && line.find_first_not_of('-') == line.npos; }

/// "[host:4711] ...", or what mpirun says when it hands on the signal that we sent it.
bool is_marked(std::string_view line) {
  if (line.starts_with("mpirun: Forwarding signal ")) return true;
  if (!line.starts_with('[')) return false;
  const std::size_t end = line.find("] "), colon = line.rfind(':', end);
  if (end == line.npos || colon == line.npos || colon + 1 == end) return false;
  const std::string_view host = line.substr(1, colon - 1), process = line.substr(colon + 1, end - colon - 1);
  return !host.empty() && host.find(' ') == host.npos && process.find_first_not_of("0123456789") == process.npos;
}

}  // namespace

std::string OwnWords::sort(const std::string& line) {
  const std::string_view text(line.data(), line.ends_with('\n') ? line.size() - 1 : line.size());
  const bool rule = is_rule(text);
  if (!rule && !in_block_ && !is_marked(text)) return line;
  if (rule) in_block_ = !in_block_;
  if (held_.size() < kLongest) held_ += line;
  return "";
}

std::string OwnWords::take(std::string_view piece) {
  std::string ranks;
  while (!piece.empty()) {
    const std::size_t end = std::min(piece.find('\n'), piece.size() - 1) + 1;
    line_ += piece.substr(0, end);
    piece.remove_prefix(end);
    if (line_.ends_with('\n') || line_.size() > kLongest) ranks += sort(std::exchange(line_, {}));
  }
  return ranks;
}

std::string OwnWords::rest() { return sort(std::exchange(line_, {})); }

}  // namespace torchport::runtime
