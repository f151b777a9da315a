// This rank under watch: whoever started the ranks, or else rank 0, hears where each stands, and says when the job is over.
// Made first thing by component/worker/run.cpp, and let go last, after MPI_Finalize.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/control.h"
#include "runtime/launch/launched_as.h"
#include "runtime/report/verdict.h"
#include "runtime/watch/watch.h"
#include "runtime/watch/watcher.h"

namespace torchport::component {

/// Seconds that a wait of this rank's own lasts longer than the watcher's time-out, and than the 5 s more after which a rank gives
/// up a watcher that is silent: both know whom to blame.
inline constexpr double kWatchersLead = 8;

class Watched {
 public:
  /// Nothing is watched where no launcher of ours watches and there is one process.
  explicit Watched(const std::optional<runtime::LaunchedAs>& launched);
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  /// How long MPI_Init may take, where nobody outside watches.
  void limit(double timeout_seconds);
  /// After MPI_Init: under a foreign launcher rank 0 watches from here on. Called by all ranks.
  void share(runtime::Control& world);

  /// What the run does with a warning, and with the end of the job before this process exits. Other threads than the run's call.
  struct Reports {
    std::function<void(const std::string& text)> warning;
    std::function<void(const runtime::Failure& failure)> end;
  };
  void report_to(Reports reports);
  /// After MPI_Finalize: says goodbye, where rank 0 watches waits for the others', and returns the exit status.
  int bye(int exit_status);

 private:
  void say_unwatched(const std::string& reason);

  const int rank_;
  std::string unwatched_;  ///< why this process is not; "": it is
  double timeout_seconds_ = 0;
  std::unique_ptr<runtime::Watcher> watcher_;
  std::unique_ptr<runtime::Watch> watch_;
};

}  // namespace torchport::component
