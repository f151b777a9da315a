#include "runtime/launch/process.h"

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "tests/support/catch.h"

using torchport::runtime::ChildEnd;
using torchport::runtime::run_child;

namespace {

ChildEnd run(const std::string& script, std::string& errors) {
  return run_child({"sh", "-c", script}, [&](std::string_view text) { errors += text; });
}

}  // namespace

TEST_CASE("process: arguments reach the child as they are, without a shell", "[process]") {
  std::string errors;
  const ChildEnd end = run_child({"sh", "-c", "printf '%s|' \"$@\" >&2", "sh", "$(id)", "; id", "`id`", "a b", "--x\n"},
                                 [&](std::string_view text) { errors += text; });
  CHECK(end.exit_status == 0);
  CHECK(errors == "$(id)|; id|`id`|a b|--x\n|");
}

TEST_CASE("process: the exit status, the signal and all of the errors are told", "[process]") {
  std::string errors;
  CHECK(run("exit 5", errors).exit_status == 5);
  CHECK(run("kill -9 $$", errors).signal == SIGKILL);
  CHECK(errors.empty());
  CHECK(run("head -c 300000 /dev/zero >&2", errors).exit_status == 0);
  CHECK(errors.size() == 300000);
  CHECK(run("cat; exit 3", errors).exit_status == 3);  // standard input is empty
}

TEST_CASE("process: a program that is not there is an error with its reason", "[process]") {
  std::string errors;
  const ChildEnd end = run_child({"/nonexistent/mpirun"}, [&](std::string_view text) { errors += text; });
  CHECK(end.start_error == "No such file or directory");
}

TEST_CASE("process: a signal to us is handed on, and a second one ends a child that ignores it", "[process]") {
  std::string errors;
  const std::string parent = std::to_string(getpid());
  ChildEnd end = run("kill -TERM " + parent + "; read forever < /dev/zero", errors);
  CHECK(end.told_to_stop == SIGTERM);
  CHECK(end.signal == SIGTERM);
  end = run("trap 'kill -TERM " + parent + "' TERM; kill -TERM " + parent + "; while :; do :; done",
            errors);  // the second when it gets the first
  CHECK(end.told_to_stop == SIGTERM);
  CHECK(end.signal == SIGKILL);
}

TEST_CASE("process: an end is noticed beside other threads, and under a parent that ignores SIGCHLD", "[process]") {
  std::atomic<bool> done = false;
  std::thread other([&] {  // takes the signals of the process that the thread below holds back
    while (!done) std::this_thread::yield();
  });
  std::signal(SIGCHLD, SIG_IGN);
  int ended = 0;
  std::thread([&] {
    for (int i = 0; i < 20; ++i) {
      std::string errors;
      ended += run("exit 7", errors).exit_status == 7;
    }
  }).join();
  done = true;
  other.join();
  CHECK(ended == 20);
}
