// What is told of a run's folder, and its logs in one.
#include "runtime/report/run_account.h"

#include <filesystem>

#include "runtime/files/files.h"
#include "runtime/report/log_line.h"
#include "runtime/report/merged_logs.h"
#include "runtime/report/verdict.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
namespace fs = std::filesystem;

namespace {

struct Folder {
  torchport::test::TemporaryFolder made;
  fs::path path = made.path();
  Folder() { fs::create_directories(path / "logs"); }
  void log(const std::string& name, const std::string& text) const { write_file_atomically(path / "logs" / name, text); }
};

std::string line(const std::string& time, const std::string& text) {
  return log_line_head("2026-11-29 20:58:" + time, "INFO") + text + "\n";
}

const Failure kLost{
    {Error("TimeoutOccured.silent", {{"who", "process 1 on host n1 (\"x\")"}, {"seconds", "60"}, {"rank", "1"}, {"others", ""}})},
    1,
    "2.7"};

}  // namespace

TEST_CASE("a last line is read back") {
  const auto fatal = read_last_line(fatal_line(kLost), "FATAL");
  REQUIRE(fatal);
  CHECK(fatal->text("code") == "TimeoutOccuredError/0072");
  CHECK(fatal->text("cause") == "nothing was heard of process 1 on host n1 (\"x\") within 60 s");
  CHECK((fatal->text("rank") == "1" && fatal->text("step") == "2.7" && fatal->text("path").empty()));
  const auto result = read_last_line(result_line(0, std::nullopt, "ok", true), "RESULT");
  REQUIRE(result);
  CHECK((result->text("exit") == "0" && result->text("first_rank").empty() && result->text("record") == "truncated"));
  for (const char* const other : {"", "RESULT", "RESULTS exit=0", "RESULT exit", "RESULT cause=\"x", "RESULT cause=\"x\"y"})
    CHECK_FALSE(read_last_line(other, "RESULT"));
}

TEST_CASE("what became of a run") {
  const Folder run;
  CHECK(run_account(run.path) ==
        run.path.string() + "\n  No process has left an error: it still runs, or was ended without a word.\n");
  write_file_atomically(run.path / "run.json",
                        R"({"component": "train_pytorch_model", "world_size": 3, "state": "failed", "exit_status": 13})");
  run.log("70_driver_log_0",
          line("56,123", "torchport 1, process 7, rank 0 of 3, 1 thread, host n0, run folder r") + fatal_line(kLost) + "\n");
  run.log("70_driver_log_1", line("56,120", "torchport 1, process 8, rank 1 of 3, 1 thread, host n1, run folder r"));
  run.log("70_driver_log_2", line("56,120", "begun"));
  const std::string logs = (run.path / "logs").string();
  const std::string expected =
      run.path.string() +
      ": train_pytorch_model in 3 processes, failed, exit status 13\n"
      "  first     process 1 on n1, epoch.step 2.7: nothing was heard of process 1 on host n1 (\"x\") within 60 s\n"
      "  others    process 0 ended for the same reason\n"
      "  others    process 2 left no error: ended from outside\n"
      "  to do     Look at the machine of process 1: it is frozen, or cut off from the others.\n"
      "  read      " +
      logs + "/70_driver_log_1\n";
  const std::string more = "  more      torchport explain TimeoutOccuredError\n";
  CHECK(run_account(run.path) == expected + more);
  run.log("70_mpi_log", fatal_line(kLost) + "\n" + result_line(13, 1, cause_of(kLost.errors)) + "\n");
  CHECK(run_account(run.path) == expected + "  read      " + logs + "/70_mpi_log\n" + more);
  run.log("70_mpi_log", result_line(0, std::nullopt, "ok") + "\n");
  for (const char* const rank : {"0", "1", "2"}) run.log(std::string("70_driver_log_") + rank, line("56,120", "done"));
  CHECK(run_account(run.path).ends_with("  Nothing failed.\n"));
}

TEST_CASE("logs in one, by time") {
  const Folder run;
  run.log("70_driver_log_0", line("01,000", "a") + "not a line of ours\n" + line("03,000", "c"));
  run.log("70_driver_log_1", line("02,000", "b\033[2J") + line("04,000", "d") + "half");
  run.log("70_mpi_log", "mpirun's words\n");
  MergedLogs logs(run.path, std::nullopt);
  const auto with = [](const std::string& rank, const std::string& text) { return rank + " | " + text; };
  CHECK(logs.more(false) == with("0", line("01,000", "a")) + "0 | not a line of ours\n" + with("1", line("02,000", "b\\x1b[2J")) +
                                with("0", line("03,000", "c")) + with("1", line("04,000", "d")) + "mpi | mpirun's words\n");
  CHECK(logs.more(false) == "");
  CHECK_FALSE(logs.ended());
  run.log("70_driver_log_0", line("01,000", "a") + "not a line of ours\n" + line("03,000", "c") + line("05,000", "e"));
  run.log("70_mpi_log", "mpirun's words\nRESULT exit=0 first_rank=- cause=\"ok\" checkpoint=none\n");
  CHECK(logs.more(true) ==
        "1 | half\n" + with("0", line("05,000", "e")) + "mpi | RESULT exit=0 first_rank=- cause=\"ok\" checkpoint=none\n");
  CHECK(logs.ended());
  MergedLogs one(run.path, 1);
  CHECK(one.more(true) == line("02,000", "b\\x1b[2J") + line("04,000", "d") + "half\n");
  CHECK_FALSE(MergedLogs(run.path, 2).any());
}
