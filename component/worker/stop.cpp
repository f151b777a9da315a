#include "component/worker/stop.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/launch/process.h"
#include "runtime/launch/stop_request.h"

namespace torchport::component {
namespace {

using runtime::is_ignored;

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};  // the last by mpirun, which hands it on at once

std::mutex mutex;                     // held while the action runs
std::function<void(int)> to_be_done;  // guarded by it

/// Waits for one of `signals`, which every thread blocks, and that nobody takes as a wish, and ends the process by it.
void wait_for(sigset_t signals) {
  int signal = 0;
  do {
    if (sigwait(&signals, &signal) != 0) return;
  } while (runtime::note_stop(signal));
  for (const int one : kSignals)
    if (!is_ignored(one)) std::signal(one, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // in this thread: a second signal ends the process here
  const std::lock_guard lock(mutex);
  try {
    if (to_be_done) to_be_done(signal);
  } catch (const std::exception&) {  // it ends anyway
  }
  raise(signal);
  _exit(128 + signal);
}

}  // namespace

void watch_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kSignals)
    if (!is_ignored(signal)) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    std::thread(wait_for, signals).detach();
  } catch (const std::system_error&) {  // no thread to be had: signals end the process at once
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  }
}

StopAction::StopAction(std::function<void(int)> action) {
  const std::lock_guard lock(mutex);
  to_be_done = std::move(action);
}

void StopAction::cancel() {
  const std::lock_guard lock(mutex);
  to_be_done = nullptr;
}

}  // namespace torchport::component
