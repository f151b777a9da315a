// The watcher of an engine's ranks and the deadlines of its command: when it has to end, and by what. Used by launch.cpp.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/report/verdict.h"
#include "runtime/watch/watcher.h"

namespace torchport::runtime {

class WatchedEngine {
 public:
  /// Sets the variable that ranks find the watcher by. Where there can be none, `warn` says so, and all goes on without.
  WatchedEngine(Watcher::Options options, const std::function<void(const std::string&)>& warn);
  /// Whole lines that ranks said on standard error: one that cannot be watched says so.
  void read(std::string_view lines);
  /// The signal that the command must get now, or 0: it was told to end and does not.
  int order();
  /// Once the command has ended: no rank outlives it.
  void end();
  /// Why the job is over, as the watcher saw it.
  std::optional<Failure> failure() const;
  /// Whether all ranks ended well and only the command did not.
  bool only_engine_hung() const { return told_ > 0 && watcher_ && watcher_->ended_well(); }

 private:
  std::optional<Watcher> watcher_;
  int told_ = 0;  ///< how often the command was told to end
};

}  // namespace torchport::runtime
