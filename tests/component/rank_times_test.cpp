// Which rank keeps the others waiting, by times that are made up.
#include "component/training/rank_times.h"

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using component::Lag;
using component::RankTimes;

namespace {

/// Of ranks that each had 100 images, and took these seconds of their own work.
std::optional<Lag> lagging(const std::vector<double>& seconds) {
  std::vector<RankTimes::Row> rows;
  for (const double one : seconds) rows.push_back({100 / one, {}, one});
  return RankTimes::lagging(rows);
}

/// This process and another one that does nothing.
class Beside : public runtime::WorldOfOne {
 public:
  int size() const override { return 2; }
};

}  // namespace

TEST_CASE("rank times: an epoch of which only the validation was left has no pace to tell of", "[trainer]") {
  const test::TemporaryFolder folder;
  Beside control;
  RankTimes times(control);
  {
    runtime::Log log({folder / "log", false, false, false});
    times.begin();
    CHECK(times.compare(3, log).empty());
    times.begin();
    times.count(8);
    CHECK(times.compare(4, log).size() == 2);
  }
  const std::string told = runtime::read_file(folder / "log", runtime::kSmallText);
  CHECK(told.find("Ranks in epoch 3") == told.npos);
  CHECK(told.find("Ranks in epoch 4") != told.npos);
}

TEST_CASE("rank times: a rank that is more than a fifth slower than half of the others is named, with what it cost them",
          "[trainer]") {
  const auto lag = lagging({10, 11, 20, 10});
  REQUIRE(lag);
  CHECK((lag->rank == 2 && lag->cost == 9 && lag->usual == 10));  // the lower one of three sorted: 9.1, 10, 10
  CHECK(lagging({20, 10})->rank == 0);
  CHECK(lagging({10, 12.6})->rank == 1);
  CHECK(!lagging({10, 12.4}));
  CHECK(!lagging({10, 10, 10}));
}

TEST_CASE("rank times: one is not named that cost less than a second, or where others are as slow", "[trainer]") {
  CHECK(!lagging({0.5, 1.4}));
  CHECK(lagging({0.5, 1.6})->rank == 1);
  CHECK(!lagging({10, 20, 19.5, 10}));  // half a second more than the next
  CHECK(!lagging({10, 20, 18.5, 20.1, 19}));
}
