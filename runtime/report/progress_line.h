// How far something long has come: one line of a terminal, redrawn in place, in plain ASCII whatever the locale. Elsewhere nothing
// is shown, and the log says what was done. Used by components between their log lines, and by check-data.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "runtime/report/log.h"

namespace torchport::runtime {

/// The variable of the environment by which a process knows whether its standard output leads to a terminal ("1") though it may not
/// be one itself: that of a rank, or of a step whose output a pipeline reads.
inline constexpr const char* kTerminalVariable = "TORCHPORT_TERMINAL";

/// "[##########..........]" for half of it.
std::string progress_bar(double share);
/// "1:02:05"
std::string clock_text(double seconds);

class ProgressLine {
 public:
  /// `what` is done, e.g. "scoring", with `all` of the `things`. No line begins with a null `log`.
  ProgressLine(Log* log, std::string what, std::size_t all, std::string things = "images");
  /// Takes the line away.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  /// So many more are done. Thread-safe; draws ten times a second at most.
  void done(std::size_t more = 1);

 private:
  using Clock = std::chrono::steady_clock;
  Log* const log_;  ///< null where nothing is drawn
  const std::string what_, things_;
  const std::size_t all_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<std::size_t> done_ = 0;
  std::atomic<Clock::rep> drawn_ = 0;  ///< when
};

}  // namespace torchport::runtime
