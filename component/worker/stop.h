// What a rank still does when it is told to stop: SIGTERM and Ctrl-C of a scheduler or a person, SIGHUP of a terminal that is gone,
// SIGUSR1 of a scheduler that warns or of our launcher.
// Called by component/worker/main.cpp and by the run, which leaves its records.
#pragma once
#include <functional>

namespace torchport::component {

/// From now on a thread waits for SIGTERM, SIGINT, SIGHUP and SIGUSR1, those of them that this process does not ignore (nohup,
/// `&`). Where a runtime::StopRequest lives it gets the first of them. Else the process dies of the signal as it would have, after
/// the action of the run; a second signal does not wait for that. To be called before any other thread is started.
void watch_stop_signals();

/// While it lives, `action` is called with the signal before the process dies; by another thread than the run's, which goes on.
class StopAction {
 public:
  explicit StopAction(std::function<void(int)> action);
  ~StopAction() { cancel(); }
  StopAction(const StopAction&) = delete;
  StopAction& operator=(const StopAction&) = delete;
  /// No action from here on. One that has begun is waited for, and then the process is gone.
  void cancel();
};

}  // namespace torchport::component
