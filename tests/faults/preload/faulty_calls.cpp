// For LD_PRELOAD: what nobody can do to a process from outside. SIGUSR2 makes it exit (FAULT_EXIT) or shifts its wall clock
// (FAULT_CLOCK, seconds); each write(2) takes at most FAULT_WRITE bytes. FAULT_RANK: on that rank alone.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

long number(const char* variable) {
  const char* const text = std::getenv(variable);
  return text ? std::atol(text) : 0;
}

bool meant() {
  const char* const wanted = std::getenv("FAULT_RANK");
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return !wanted || (rank && std::strcmp(wanted, rank) == 0);
}

const char* exit_text = nullptr;
volatile std::sig_atomic_t exit_status = 0, clock_shift = 0, shift_now = 0;
long most = 0;

void act(int) {
  if (exit_text) _exit(exit_status);
  shift_now = clock_shift;
}

struct Begin {
  Begin() {
    if (!meant()) return;
    exit_text = std::getenv("FAULT_EXIT");
    exit_status = static_cast<int>(number("FAULT_EXIT"));
    clock_shift = static_cast<int>(number("FAULT_CLOCK"));
    most = number("FAULT_WRITE");
    if (exit_text || clock_shift) std::signal(SIGUSR2, act);
  }
} begin;

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  const auto limit = static_cast<size_t>(most);
  return syscall(SYS_write, fd, bytes, limit && count > limit ? limit : count);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long status = syscall(SYS_clock_gettime, clock, time);
  if (status == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift_now;
  return static_cast<int>(status);
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
