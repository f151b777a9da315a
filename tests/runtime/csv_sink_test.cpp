#include <cmath>

#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;

namespace {

EpochDone epoch(std::int64_t number, double loss) {
  EpochDone done{number,
                 {{"Train loss", {{"epoch", number}, {"train_loss", loss}}},
                  {"Top-1 validation accuracy", {{"epoch", number}, {"top1_acc", 0.25}}},
                  {"Rank times", {{"epoch", number}, {"rank", std::int64_t{1}}, {"data", 0.5}}}},
                 Time{},
                 0};
  return done;
}

}  // namespace

TEST_CASE("results.csv: a row for each epoch, those of the run before too, without the figures of single ranks", "[trackers]") {
  const TemporaryFolder folder;
  {
    Events events(make_sinks({"csv"}, {folder.path(), nullptr}));
    events.result({{"Evaluation", {{"accuracy", 0.5}}}});
    CHECK_FALSE(std::filesystem::exists(folder / "results.csv"));
    events.epoch(epoch(1, 0.5));
    events.epoch(epoch(2, std::nan("")));
  }
  CHECK(read_file(folder / "results.csv", 1000) == "epoch,train_loss,top1_acc\n1,0.5,0.25\n2,NaN,0.25\n");
}
