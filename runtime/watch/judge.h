// What the watcher makes of where the ranks stand: whom a warning names, and when the job is over. No sockets and no clock of its
// own. Asked by watcher.cpp twice a second.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/report/verdict.h"
#include "runtime/watch/standing.h"

namespace torchport::runtime {

/// A rank as the watcher knows it.
struct WatchedRank {
  enum class State {
    awaited,  ///< nothing was heard of it yet
    here,     ///< connected
    ended,    ///< it said goodbye
    gone,     ///< its connection ended without a goodbye
    excused   ///< it cannot be watched
  };
  State state = State::awaited;
  std::string host;
  int process = 0;
  Stand stand;
  std::chrono::steady_clock::time_point heard{};  ///< when something was last heard of it
};

class Judge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Ranks may be missing for `timeout_seconds`; `engine` starts them, from `begun` on.
  Judge(double timeout_seconds, std::string engine, Time begun);

  struct Warning {
    std::string text;
    bool first_rank_shows = false;  ///< rank 0 has a log and is heard of: it shows the text on the terminal
  };
  struct Verdict {
    std::optional<Failure> failure;  ///< the job is over, and why
    std::vector<Warning> warnings;   ///< each comes once
  };
  Verdict look(const std::vector<WatchedRank>& ranks, Time now);

 private:
  using Ranks = std::vector<int>;
  struct Awaited;
  Awaited awaited(const std::vector<WatchedRank>& ranks, Time now) const;
  std::optional<Failure> failure(const std::vector<WatchedRank>& ranks, const Awaited& found, Time now) const;
  std::optional<Failure> at_start(const std::vector<WatchedRank>& ranks, Time now) const;
  void warn(Verdict& verdict, const std::vector<WatchedRank>& ranks, const Awaited& found, Time now);
  bool may_name(const Ranks& ranks, Time now);

  const double timeout_;
  const std::string engine_;
  const Time begun_;
  std::optional<Time> first_here_;
  bool told_of_engine_ = false;
  std::map<int, Time> named_;
};

}  // namespace torchport::runtime
