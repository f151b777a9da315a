#include "runtime/launch/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "runtime/report/progress_line.h"

namespace torchport::runtime {
namespace {

constexpr int kWriteSignals[] = {SIGPIPE, SIGXFSZ};
constexpr int kTick = 200;  ///< milliseconds between looks at the clock, or at the child, where there is a reason to

using Clock = std::chrono::steady_clock;

std::vector<char*> argument_array(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// The signals that the loop below reads from a descriptor instead of being interrupted by them.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
      if (!is_ignored(signal)) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~HeldSignals() {
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  int fd() const { return fd_; }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

/// What the child does between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, int errors, int failure, const sigset_t& signals, pid_t parent,
                         ChildOutput output) {
  setpgid(0, 0);  // a Ctrl-C goes to us alone, and once
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  for (const int signal : kWriteSignals) std::signal(signal, SIG_DFL);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  if (output == ChildOutput::dropped) dup2(nothing, STDOUT_FILENO);
  if (output == ChildOutput::read || output == ChildOutput::drawn) dup2(errors, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  execvp(arguments[0], arguments);
  const int reason = errno;
  [[maybe_unused]] const ssize_t told = write(failure, &reason, sizeof reason);
  _exit(127);
}

/// A descriptor that can be read when the child has ended. SIGCHLD would not do: of a program with other threads, any of them may
/// take it. -1 where the kernel has none (before Linux 5.3). By number, as the C library has had a name for it only since 2.36.
int descriptor_of(pid_t child) { return static_cast<int>(syscall(SYS_pidfd_open, child, 0)); }

/// Hands on what there is to read. Returns false at the end.
bool drain(int fd, const std::function<void(std::string_view)>& on_text) {
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t got = read(fd, piece.data(), piece.size());
    if (got > 0) on_text({piece.data(), static_cast<std::size_t>(got)});
    if (got == 0) return false;
    if (got < 0 && errno != EINTR) return errno == EAGAIN;
  }
}

/// Watches over the child until it is gone.
class Watch {
 public:
  Watch(pid_t child, int errors, int signals, const std::function<void(std::string_view)>& on_text, std::chrono::seconds patience,
        int instead, const std::function<int()>& order)
      : child_(child),
        errors_(errors),
        signals_(signals),
        on_text_(on_text),
        patience_(patience),
        instead_(instead),
        order_(order) {}

  ChildEnd run() {
    const Descriptor ended(descriptor_of(child_));
    bool open = true;
    for (;;) {
      std::array<pollfd, 3> ready{{{signals_, POLLIN, 0}, {open ? errors_ : -1, POLLIN, 0}, {ended.get(), POLLIN, 0}}};
      poll(ready.data(), ready.size(), end_.told_to_stop || order_ || ended.get() < 0 ? kTick : -1);
      if (ready[1].revents) open = drain(errors_, on_text_);
      take_signals();
      if (end_.told_to_stop && Clock::now() > deadline_) kill(-child_, SIGKILL);
      if (const int signal = order_ ? order_() : 0) kill(-child_, signal);
      int status = 0;
      rusage usage{};
      if (wait4(child_, &status, WNOHANG, &usage) != child_) continue;
      end_.peak_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
      drain(errors_, on_text_);
      end_.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
      end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      return end_;
    }
  }

 private:
  void take_signals() {
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof info) == sizeof info) {
      const int signal = static_cast<int>(info.ssi_signo);
      deadline_ = end_.told_to_stop ? Clock::now() : Clock::now() + patience_;
      end_.told_to_stop = signal;
      kill(child_, instead_ ? instead_ : signal == SIGHUP ? SIGTERM : signal);
    }
  }

  pid_t child_;
  int errors_, signals_;
  const std::function<void(std::string_view)>& on_text_;
  std::chrono::seconds patience_;
  int instead_;
  const std::function<int()>& order_;
  ChildEnd end_;
  Clock::time_point deadline_{};
};

}  // namespace

bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void ignore_write_signals() {
  for (const int signal : kWriteSignals) std::signal(signal, SIG_IGN);
}

std::string replace_process(const std::string& program, const std::vector<std::string>& arguments) {
  execv(program.c_str(), argument_array(arguments).data());
  return std::strerror(errno);
}

ChildEnd run_child(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_error_text,
                   std::chrono::seconds patience, ChildOutput output, int instead, const std::function<int()>& order) {
  const auto not_started = [](int reason) {
    ChildEnd end;
    end.start_error = std::strerror(reason);
    return end;
  };
  std::array<int, 2> errors{}, failure{};
  if (pipe2(errors.data(), O_CLOEXEC) != 0) return not_started(errno);
  const Descriptor errors_in(errors[0]);
  Descriptor errors_out(errors[1]);
  if (pipe2(failure.data(), O_CLOEXEC) != 0) return not_started(errno);
  const Descriptor failure_in(failure[0]);
  Descriptor failure_out(failure[1]);
  if (is_ignored(SIGCHLD)) std::signal(SIGCHLD, SIG_DFL);  // as a parent may leave it: the kernel would forget how children end
  if (output == ChildOutput::drawn) setenv(kTerminalVariable, "1", /*overwrite=*/1);
  const HeldSignals signals;
  const std::vector<char*> pointers = argument_array(arguments);
  const pid_t parent = getpid(), child = fork();
  if (child < 0) return not_started(errno);
  if (child == 0) become(pointers.data(), errors_out.get(), failure_out.get(), signals.before(), parent, output);
  errors_out.reset();
  failure_out.reset();
  int reason = 0;
  if (read(failure_in.get(), &reason, sizeof reason) == sizeof reason) {  // ends at once where the exec succeeded
    waitpid(child, nullptr, 0);
    return not_started(reason);
  }
  fcntl(errors_in.get(), F_SETFL, O_NONBLOCK);
  return Watch(child, errors_in.get(), signals.fd(), on_error_text, patience, instead, order).run();
}

}  // namespace torchport::runtime
