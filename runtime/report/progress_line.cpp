#include "runtime/report/progress_line.h"

#include <algorithm>
#include <cmath>

#include "runtime/clock.h"
#include "runtime/text/format.h"

namespace torchport::runtime {
namespace {

constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr int kWidth = 20;

}  // namespace

std::string progress_bar(double share) {
  const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * kWidth);
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "]";
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::isfinite(seconds) ? std::clamp(seconds, 0.0, 3.6e8) : 0.0);
  return formatted("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

ProgressLine::ProgressLine(Log* log, std::string what, std::size_t all, std::string things)
    : log_(log && log->has_progress() ? log : nullptr),
      what_(std::move(what)),
      things_(std::move(things)),
      all_(std::max<std::size_t>(all, 1)) {}

ProgressLine::~ProgressLine() {
  if (log_) log_->progress("");
}

void ProgressLine::done(std::size_t more) {
  const std::size_t done = done_ += more;
  if (!log_) return;
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep before = drawn_;
  if (now - before < Clock::duration(kBetweenDraws).count() || !drawn_.compare_exchange_strong(before, now)) return;
  const double seconds = seconds_since(start_), share = static_cast<double>(done) / static_cast<double>(all_);
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-9);
  const std::string left = clock_text(static_cast<double>(all_ - std::min(all_, done)) / rate);
  log_->progress(formatted("%s %s %zu/%zu %s  ETA %s  %.1f/s", what_.c_str(), progress_bar(share).c_str(), done, all_,
                           things_.c_str(), left.c_str(), rate));
}

}  // namespace torchport::runtime
