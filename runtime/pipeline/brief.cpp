#include "runtime/pipeline/brief.h"

#include <algorithm>
#include <ostream>

#include "runtime/report/log_line.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K", kClear = kClearLine.substr(1);

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
  redraw(head_, "");
}

BriefOutput::~BriefOutput() {
  if (!rest_.empty() || !kept_.empty()) finish(head_);
}

void BriefOutput::take(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\n\r", begin), text.size());
    rest_ += text.substr(begin, end - begin);
    begin = end + 1;
    if (end == text.size()) break;
    if (text[end] == '\n') {
      const std::string line = std::exchange(rest_, {});
      sort_in(drawn_over_ && line.starts_with(kClear) ? std::string_view(line).substr(kClear.size()) : line);
    }
    redraw_bar();  // also one that is over already: a short step has no other
    rest_.clear();
    drawn_over_ = text[end] == '\r';
  }
  redraw_bar();
}

void BriefOutput::finish(const std::string& line) {
  if (!rest_.empty() && !drawn_over_) sort_in(std::exchange(rest_, {}));
  rest_.clear();
  if (line.empty() && kept_.empty()) return;
  out_ << (width_ > 0 ? kClearLine : std::string_view()) << visible(line.empty() ? head_ : line) << "\n";
  for (const std::string& kept : std::exchange(kept_, {})) out_ << visible(kept) << "\n";
  out_ << std::flush;
}

void BriefOutput::sort_in(std::string_view line) {
  const auto logged = read_log_line(line);
  if (logged && logged->level == "INFO") return redraw(head_, logged->message);
  kept_.push_back(logged ? "  " + std::string(logged->level == "WARNING" ? "warning: " : "error: ") + std::string(logged->message)
                         : std::string(line));
}

/// The numbers first: of the head the step's name is enough.
void BriefOutput::redraw_bar() {
  if (!drawn_over_ || rest_.size() <= kClear.size() || !rest_.starts_with(kClear)) return;
  redraw(head_.substr(0, head_.find(": ")), std::string_view(rest_).substr(kClear.size()));
}

void BriefOutput::redraw(const std::string& head, std::string_view message) {
  if (width_ == 0) return;
  std::string line = head + (message.empty() ? "" : ": " + std::string(message));
  std::replace(line.begin(), line.end(), '\t', ' ');
  line = visible(line);
  out_ << kClearLine << cut(line, width_ - 1) << std::flush;
}

}  // namespace torchport::runtime
