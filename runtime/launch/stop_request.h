// A signal that asks the process to stop, noted for work that can end by itself at a good place instead of dying where it stands.
// Made by such work; asked by component/worker/stop.cpp before a signal ends the process.
#pragma once
#include <functional>

namespace torchport::runtime {

/// While one lives, the first signal is noted here. Whoever sends another one, a second or more after it, means at once.
class StopRequest {
 public:
  /// `noted` is called with the signal by the thread that waits for signals. There is one StopRequest at a time.
  /// `passed_over`: where it is true, the signal is no wish to stop, the first or a later one, and changes nothing.
  explicit StopRequest(std::function<void(int)> noted, std::function<bool(int)> passed_over = {});
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  /// The signal that was noted, or 0.
  int signal() const;
  /// The work is over, and only what it leaves behind is still written: the next signal changes nothing, also when this is gone;
  /// one after it ends the process as before. signal() is 0 again.
  void too_late();
};

/// Hands a signal to the StopRequest that lives. False: nobody takes it, and it ends the process.
bool note_stop(int signal);

/// From now on no wish to stop changes anything: this process has its exit status and is about to leave. srun sends SIGTERM to all
/// ranks as soon as one of them has left with another status than 0, and who asks for a stop now has what they ask for.
void stop_no_more();

}  // namespace torchport::runtime
