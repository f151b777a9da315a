#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "tests/support/capture.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Events;
using torchport::runtime::Log;
using torchport::runtime::make_sinks;
using torchport::runtime::read_file;
using torchport::test::captured;
using torchport::test::TemporaryFolder;

namespace {

torchport::runtime::StepDone step(std::int64_t number) {
  torchport::runtime::StepDone done;
  done.epoch = 1;
  done.epochs = 2;
  done.step = number;
  done.steps = 10;
  done.values = {9.9, 0.9, 99};
  done.epoch_so_far = {1.23456, 0.5, 45.25};
  done.learning_rate = 0.00025;
  done.eta_seconds = 3725.9;
  return done;
}

constexpr const char* kBar = "epoch 1/2 [##########..........] 5/10  ETA 1:02:05  loss 1.2346  45.2 img/s  lr 0.00025";

}  // namespace

TEST_CASE("console: on a terminal one line is redrawn, around the log's lines, and goes at the end", "[console]") {
  const TemporaryFolder folder;
  const std::string text = captured(STDOUT_FILENO, folder / "stdout", [&] {
    Log log({.file = folder / "log", .console = true, .progress_bar = true});
    Events events(make_sinks({"console"}, {folder.path(), &log}));
    events.step(step(5));
    events.step(step(6));  // too soon to be drawn
    log.info("a line");
    events.output({"trained_model_outputs", {}});
  });
  const std::string clear = "\r\x1b[K";
  REQUIRE(text.starts_with(clear + kBar + clear + "2"));
  CHECK_THAT(text, Catch::Matchers::EndsWith(" studio.core          INFO       a line\n" + std::string(kBar) + clear));
  CHECK(read_file(folder / "log", 1 << 30).find(kBar) == std::string::npos);
}

TEST_CASE("console: without a terminal there is no bar", "[console]") {
  const TemporaryFolder folder;
  CHECK(captured(STDOUT_FILENO, folder / "stdout", [&] {
          Log log({.file = folder / "log"});
          Events(make_sinks({"console"}, {folder.path(), &log})).step(step(5));
        }).empty());
}
