// A thread that no signal is delivered to: signals are the business of those who wait for them. Started by the two ends of the
// watch.
#pragma once
#include <pthread.h>

#include <csignal>
#include <functional>
#include <thread>
#include <utility>

namespace torchport::runtime {

/// `name`: at most 15 characters. \throws std::system_error where no thread is to be had
inline std::thread quiet_thread(const char* name, std::function<void()> work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto restore = [&] { pthread_sigmask(SIG_SETMASK, &before, nullptr); };
  try {
    std::thread thread(std::move(work));
    restore();
    pthread_setname_np(thread.native_handle(), name);
    return thread;
  } catch (...) {
    restore();
    throw;
  }
}

}  // namespace torchport::runtime
