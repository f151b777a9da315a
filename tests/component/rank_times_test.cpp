// Which rank keeps the others waiting, by times that are made up.
#include "component/training/rank_times.h"

#include "tests/support/catch.h"

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

}  // namespace

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
