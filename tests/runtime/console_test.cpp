#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "tests/support/capture.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Events;
using torchport::runtime::Log;
using torchport::runtime::read_file;
using torchport::test::captured;
using torchport::test::TemporaryFolder;

namespace {

torchport::runtime::Event progress(std::int64_t iteration) {
  return {"progress",
          "train",
          {{"epoch", std::int64_t{1}},
           {"epochs", std::int64_t{2}},
           {"iteration", iteration},
           {"iterations", std::int64_t{10}},
           {"images_per_second", 45.25},
           {"loss", 1.23456},
           {"learning_rate", 0.00025},
           {"eta_seconds", 3725.9}}};
}

constexpr const char* kBar = "epoch 1/2 [##########..........] 5/10  45.2 img/s  loss 1.2346  lr 0.00025  ETA 1:02:05";

}  // namespace

TEST_CASE("console: on a terminal one line is redrawn, around the log's lines, and goes at the end", "[console]") {
  const TemporaryFolder folder;
  const std::string text = captured(STDOUT_FILENO, folder / "stdout", [&] {
    Log log({.file = folder / "log", .console = true, .progress_bar = true});
    Events events({folder.path(), &log});
    events.send(progress(5));
    events.send(progress(6));  // too soon to be drawn
    log.info("a line");
    events.send({"upload_folder", "trained_model_outputs", {}});
  });
  const std::string clear = "\r\x1b[K";
  REQUIRE(text.starts_with(clear + kBar + clear + "2"));
  CHECK_THAT(text, Catch::Matchers::EndsWith(" studio.core          INFO       a line\n" + std::string(kBar) + clear));
  CHECK(read_file(folder / "log").find(kBar) == std::string::npos);
}

TEST_CASE("console: without a terminal there is no bar", "[console]") {
  const TemporaryFolder folder;
  CHECK(captured(STDOUT_FILENO, folder / "stdout", [&] {
          Log log({.file = folder / "log"});
          Events({folder.path(), &log}).send(progress(5));
        }).empty());
}
