// The watcher: a thread that hears from each rank where it stands, warns of the one that the others wait for, and ends a job that
// cannot go on. Lives in the launcher, or in the process of rank 0 where a foreign launcher started the ranks.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/report/verdict.h"

namespace torchport::runtime {

class Watcher {
 public:
  struct Options {
    int size = 1;                   ///< ranks to come
    double timeout_seconds = 600;   ///< how long one may be missing
    std::string engine;             ///< what starts them, in words; "": they run already
    bool this_machine_only = true;  ///< listens on the loopback interface alone
    /// Called by the watcher's thread: a warning, and whether rank 0 shows it on the terminal.
    std::function<void(const std::string& text, bool shown)> on_warning;
  };

  /// Listens from here on. \throws std::system_error where it cannot
  explicit Watcher(Options options);
  /// Ends all connections: ranks that still run take that for the end of the job.
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// For the variable kWatchVariable of the ranks. It holds a secret: whoever knows it is taken for a rank.
  std::string address() const;
  /// This rank cannot be watched: it is not waited for.
  void excuse(int rank);
  /// Why the job is over, once the ranks have been told so.
  std::optional<Failure> failure() const;
  /// Seconds since the job was found over, or since the last rank left; nothing before.
  std::optional<double> seconds_since_end() const;
  /// Whether no rank was excused.
  bool knows_all() const;
  /// Whether every rank said goodbye with status 0.
  bool ended_well() const;
  /// Kills those ranks on this machine that are still connected: a frozen one outlives the engine that should have ended it.
  void kill_ranks() const;

 private:
  class Room;
  std::unique_ptr<Room> room_;
};

}  // namespace torchport::runtime
