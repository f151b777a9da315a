#include "runtime/report/progress_line.h"
#include "tests/support/capture.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Log;
using torchport::runtime::ProgressLine;
using torchport::test::captured;
using torchport::test::TemporaryFolder;

TEST_CASE("progress: on a terminal one line, drawn seldom and taken away; elsewhere nothing", "[console]") {
  const TemporaryFolder folder;
  const auto drawn = [&](bool terminal, bool quiet) {
    return captured(STDOUT_FILENO, folder / "stdout", [&] {
      Log log({.file = {}, .console = false, .progress_bar = terminal, .quiet = quiet});
      ProgressLine line(&log, "scoring", 40);
      for (int i = 0; i < 20; ++i) line.done();
    });
  };
  const std::string clear = "\r\x1b[K", text = drawn(true, false);
  CHECK_THAT(text, Catch::Matchers::StartsWith(clear + "scoring [....................] 1/40 images  "));
  CHECK_THAT(text, Catch::Matchers::EndsWith("/s" + clear));
  CHECK(text.find(" 2/40") == text.npos);
  CHECK(drawn(false, false).empty());
  CHECK(drawn(true, true).empty());
}
