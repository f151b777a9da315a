// What a thread has spent of two clocks. Called by the loader, which tells by it whether it computes or waits for files.
#pragma once
#include <chrono>
#include <ctime>

namespace torchport::datasets {

/// Seconds that passed, and those of them in which this thread computed.
struct TimeSpent {
  double wall = 0, cpu = 0;

  static TimeSpent so_far() {
    timespec cpu{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
    return {wall.count(), static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec)};
  }
  void add_since(const TimeSpent& before) {
    const TimeSpent now = so_far();
    wall += now.wall - before.wall;
    cpu += now.cpu - before.cpu;
  }
};

}  // namespace torchport::datasets
