#include "runtime/pipeline/brief.h"

#include <algorithm>
#include <ostream>

#include "runtime/report/log_line.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::runtime {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

/// As much of a line as fits `columns` of a terminal.
std::string cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0, shown = 0;
  while (end < text.size()) {
    const std::size_t length = std::max<std::size_t>(printable_length(text, end), 1);
    shown += columns_of(text.substr(end, length));
    if (shown > columns) break;
    end += length;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

BriefOutput::BriefOutput(std::ostream& out, std::size_t width, std::string head)
    : out_(out), head_(std::move(head)), width_(width) {
  redraw("");
}

BriefOutput::~BriefOutput() {
  if (!rest_.empty() || !kept_.empty()) finish(head_);
}

void BriefOutput::take(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    rest_ += text.substr(begin, end - begin);
    if (end < text.size()) sort_in(std::exchange(rest_, {}));
    begin = end + 1;
  }
}

void BriefOutput::finish(const std::string& line) {
  if (!rest_.empty()) sort_in(std::exchange(rest_, {}));
  if (line.empty() && kept_.empty()) return;
  out_ << (width_ > 0 ? kClearLine : "") << visible(line.empty() ? head_ : line) << "\n";
  for (const std::string& kept : std::exchange(kept_, {})) out_ << visible(kept) << "\n";
  out_ << std::flush;
}

void BriefOutput::sort_in(std::string_view line) {
  const auto logged = read_log_line(line);
  if (logged && logged->level == "INFO") return redraw(logged->message);
  kept_.push_back(logged ? "  " + std::string(logged->level == "WARNING" ? "warning: " : "error: ") + std::string(logged->message)
                         : std::string(line));
}

void BriefOutput::redraw(std::string_view message) {
  if (width_ == 0) return;
  std::string line = head_ + (message.empty() ? "" : ": " + std::string(message));
  std::replace(line.begin(), line.end(), '\t', ' ');
  line = visible(line);
  out_ << kClearLine << cut(line, width_ - 1) << std::flush;
}

}  // namespace torchport::runtime
