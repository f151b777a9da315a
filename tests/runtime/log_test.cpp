#include "runtime/report/log.h"

#include <sys/stat.h>

#include <regex>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/capture.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::Error;
using torchport::runtime::Log;
using torchport::runtime::read_file;
using torchport::test::TemporaryFolder;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A line without its time, which must have the form that the original writes.
std::string without_time(const std::string& line) {
  static const std::regex form(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (.*))");
  std::smatch match;
  REQUIRE(std::regex_match(line, match, form));
  return match[1];
}

}  // namespace

TEST_CASE("log: lines have the original's form", "[log]") {
  const TemporaryFolder folder;
  {
    Log log({.file = folder / "log", .console = false});
    log.info("Start building model.");
    log.warning("w");
    Log::Block training(log, "Starting training");
    {
      Log::Block loading(log, "Data loading");
      log.info("Epoch: [1/2]\tIter: [1/3]");
    }
    log.error("e");
  }
  const std::vector<std::string> lines = lines_of(read_file(folder / "log", 1 << 30));
  REQUIRE(lines.size() == 8);
  const std::string prefix = "studio.core          ";
  CHECK(without_time(lines[0]) == prefix + "INFO       Start building model.");
  CHECK(without_time(lines[1]) == prefix + "WARNING    w");
  CHECK(without_time(lines[2]) == prefix + "INFO       Starting training - Start:");
  CHECK(without_time(lines[3]) == prefix + "INFO       |   Data loading - Start:");
  CHECK(without_time(lines[4]) == prefix + "INFO       |   |   Epoch: [1/2]\tIter: [1/3]");
  CHECK_THAT(without_time(lines[5]),
             Catch::Matchers::Matches(prefix + R"(INFO       \|   Data loading - End with \d+\.\d{4}s elapsed\.)"));
  CHECK(without_time(lines[6]) == prefix + "ERROR      |   e");
  CHECK_THAT(without_time(lines[7]),
             Catch::Matchers::Matches(prefix + R"(INFO       Starting training - End with \d+\.\d{4}s elapsed\.)"));
  for (const std::string& line : lines_of(read_file(torchport::test::original("train_log.txt"), 1 << 30))) {
    if (line.starts_with("(")) continue;
    CHECK_THAT(without_time(line), Catch::Matchers::Matches(R"(studio\.core          (INFO   |WARNING|ERROR  )    (\|   )*\S.*)"));
  }
}

TEST_CASE("log: a message can forge no line and steer no terminal, and a long one is cut", "[log]") {
  const TemporaryFolder folder;
  {
    Log log({.file = folder / "log", .console = false});
    log.info("a\nFATAL code=x\x1b[2J\x7f");
    log.info(std::string(5000, 'x'));
    log.info("caf\xc3\xa9");
  }
  const std::vector<std::string> lines = lines_of(read_file(folder / "log", 1 << 30));
  REQUIRE(lines.size() == 3);
  CHECK(without_time(lines[0]) == R"(studio.core          INFO       a\nFATAL code=x\x1b[2J\x7f)");
  CHECK(lines[1].size() < 4096);
  CHECK_THAT(lines[1], Catch::Matchers::EndsWith("xxx ... (cut)"));
  CHECK_THAT(lines[2], Catch::Matchers::EndsWith("INFO       caf\xc3\xa9"));
}

TEST_CASE("log: raw lines stand at column 0 and are at most 4096 bytes", "[log]") {
  const TemporaryFolder folder;
  {
    Log log({.file = folder / "log", .console = false});
    Log::Block block(log, "B");
    log.raw("FATAL code=x");
    log.raw(std::string(9000, 'y'));
  }
  const std::vector<std::string> lines = lines_of(read_file(folder / "log", 1 << 30));
  REQUIRE(lines.size() == 4);
  CHECK(lines[1] == "FATAL code=x");
  CHECK(lines[2] == std::string(4095, 'y'));
}

TEST_CASE("log: goes on where an earlier writer ended, and follows no planted link", "[log]") {
  const TemporaryFolder folder;
  for (int i = 0; i < 2; ++i) Log({.file = folder / "log", .console = false}).info("x");
  CHECK(lines_of(read_file(folder / "log", 1 << 30)).size() == 2);
  fs::create_symlink("victim", folder / "link");
  mkfifo((folder / "fifo").c_str(), 0600);
  const auto refused = [&](const char* name) {
    try {
      Log log({.file = folder / name, .console = false});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  CHECK(refused("link") == "'" + (folder / "link").string() + "' could not be written: Too many levels of symbolic links");
  CHECK(refused("fifo") == "'" + (folder / "fifo").string() + "' could not be written: No such device or address");
  CHECK_FALSE(fs::exists(folder / "victim"));
}

TEST_CASE("log: a full disk does not end the run, and is told once", "[log]") {
  const TemporaryFolder folder;
  const std::string told = torchport::test::captured(STDERR_FILENO, folder / "stderr", [] {
    Log log({.file = "/dev/full", .console = false});
    log.info("one");
    log.raw("two");
  });
  CHECK(told == "the log /dev/full is incomplete: No space left on device\n");
}
