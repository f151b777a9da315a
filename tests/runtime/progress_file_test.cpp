#include "runtime/report/progress_file.h"

#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;
using namespace std::chrono_literals;

namespace {

StepDone step(std::int64_t number, Time time, double loss = 0.5) {
  StepDone done;
  done.epoch = 2;
  done.epochs = 3;
  done.step = number;
  done.steps = 10;
  done.epoch_so_far = {loss, 0.25, 80};
  done.eta_seconds = 12;
  done.time = time;
  return done;
}

}  // namespace

TEST_CASE("progress.json: where a training stands, once a second, and only while it lives", "[events]") {
  const TemporaryFolder folder;
  CHECK(read_progress(folder.path()).empty());
  {
    Events events(make_sinks({"jsonl"}, {folder.path(), nullptr}));
    const Time begin = Time{} + 1h;
    events.step(step(1, begin));
    events.step(step(2, begin + 900ms));
    const auto first = read_progress(folder.path());
    CHECK(first == nlohmann::json{{"epoch", 2},
                                  {"epochs", 3},
                                  {"step", 1},
                                  {"steps", 10},
                                  {"loss", 0.5},
                                  {"images_per_second", 80.0},
                                  {"eta_seconds", 12.0}});
    events.step(step(3, begin + 1100ms, std::nan("")));
    const auto later = read_progress(folder.path());
    CHECK(later["step"] == 3);
    CHECK(later["loss"].is_null());
  }
  CHECK(read_progress(folder.path()).empty());
}
