#include "runtime/launch/gathered_logs.h"

#include <unistd.h>

#include "runtime/files/files.h"
#include "tests/support/capture.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;

namespace {

/// A process whose lines go to the launcher.
struct Sending {
  Sending() { send_driver_log(true); }
  ~Sending() { send_driver_log(false); }
};

/// A run folder of the launcher.
struct Here {
  TemporaryFolder folder;
  GatheredLogs gathered{folder.path()};
  Here() { std::filesystem::create_directories(folder / "logs"); }
  std::string text(const std::string& name) const { return read_file(folder / name, kSmallText); }
};

}  // namespace

TEST_CASE("gathered logs: only a run folder without the launcher's mark is far", "[gathered logs]") {
  const TemporaryFolder here, there;
  mark_run_dir(here.path());
  CHECK_FALSE(is_far(here.path()));
  CHECK(is_far(there.path()));
  write_file_atomically(there / ".mark", "of an earlier run");
  CHECK(is_far(there.path()));
  unmark_run_dir(here.path());
  CHECK_FALSE(std::filesystem::exists(here / ".mark"));
  unsetenv("TORCHPORT_RUN_MARK");
  CHECK_FALSE(is_far(there.path()));
}

TEST_CASE("gathered logs: sent lines go to their files, all else through, however the pieces are cut", "[gathered logs]") {
  const Sending sending;
  const std::string first = sent_line("70_driver_log_3", 1, "one\n"), second = sent_line("70_driver_log_3", 2, "two");
  const std::string all = "before\n" + first + "words without an end" + second + "after\n";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Here here;
    std::string others = here.gathered.take(all.substr(0, cut));
    others += here.gathered.take(all.substr(cut));
    CHECK(others + here.gathered.rest() == "before\nwords without an endafter\n");
    CHECK(here.text("logs/70_driver_log_3") == "one\ntwo\n");
  }
}

TEST_CASE("gathered logs: what was lost on the way is counted, and what is sent again replaces", "[gathered logs]") {
  const Sending sending;
  Here here;
  here.gathered.take(sent_line("70_driver_log_1", 1, "one") + sent_line("70_driver_log_1", 4, "four"));
  CHECK(here.text("logs/70_driver_log_1") == "one\n(2 lines were lost on their way here)\nfour\n");
  here.gathered.take(sent_line("failure_1.json", 1, "{}") + sent_line("failure_1.json", 1, "[]"));
  CHECK(here.text("logs/failure_1.json") == "[]\n");
  here.gathered.take(sent_line("first_batch.json", 1, "{}") + sent_line("run.json", 1, "{}"));
  CHECK(here.text("first_batch.json") + here.text("run.json") == "{}\n{}\n");
}

TEST_CASE("gathered logs: a log that its rank writes here is left alone", "[gathered logs]") {
  const Sending sending;
  Here here;
  write_file_atomically(here.folder / "logs/70_driver_log_1", "one\n");
  CHECK(here.gathered.take(sent_line("70_driver_log_1", 1, "one")).empty());
  CHECK(here.text("logs/70_driver_log_1") == "one\n");
}

TEST_CASE("gathered logs: a name that is none of ours is no file", "[gathered logs]") {
  const Sending sending;
  Here here;
  for (const std::string name : {"../x", "x", "70_driver_log_1/../../x", "70_mpi_log", "report.html"}) {
    const std::string line = sent_line(name, 1, "text");
    CHECK(here.gathered.take(line) == line);
  }
  CHECK(std::filesystem::is_empty(here.folder / "logs"));
}

TEST_CASE("gathered logs: a file is sent line by line", "[gathered logs]") {
  const Sending sending;
  Here here;
  const TemporaryFolder there;
  write_file_atomically(there / "run.json", "{\n}\n");
  const std::string sent = torchport::test::captured(STDERR_FILENO, there / "errors", [&] {
    send_file(there / "run.json");
    send_file(there / "absent.json");
  });
  CHECK(here.gathered.take(sent).empty());
  CHECK(here.text("run.json") == "{\n}\n");
}
