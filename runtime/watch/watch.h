// A rank's own watch: a thread that tells the watcher where the rank stands, from before MPI_Init to after MPI_Finalize, and hears
// from it. Made by component/worker/watched.cpp.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "runtime/report/verdict.h"

namespace torchport::runtime {

class Watch {
 public:
  struct Options {
    int rank = 0;
    /// Both are called by the watch's thread.
    std::function<void(const std::string& text)> on_warning;
    /// The job is over. This process has to end.
    std::function<void(const Failure& failure)> on_end;
    int watchers_rank = kNoRank;  ///< that lives in this rank's process: it is to blame where the watcher is lost
  };
  explicit Watch(Options options);
  /// Says goodbye with the status of `bye`, or else leaves without.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// How long MPI_Init may take where no watcher says so, in seconds.
  void limit(double timeout_seconds);
  /// Calls the watcher at its address. Returns "", or why it cannot be reached: then the rank goes on by itself.
  std::string connect(const std::string& address);
  /// All is done: what happens to the connection from here on is no fault.
  void bye(int exit_status);

 private:
  class Room;
  std::unique_ptr<Room> room_;
};

}  // namespace torchport::runtime
