#include "datasets/each.h"

#include "tests/support/catch.h"

using torchport::datasets::each;

TEST_CASE("each: every item is done once, whatever the threads", "[each]") {
  for (const std::size_t count : {0, 1, 63, 64, 1000}) {
    for (const int threads : {1, 2, 7}) {
      std::vector<std::atomic<int>> done(count);
      each(count, threads, [&](std::size_t i) { ++done[i]; });
      CHECK(std::all_of(done.begin(), done.end(), [](const auto& times) { return times == 1; }));
    }
  }
}

TEST_CASE("each: of several faults that of the first item comes out", "[each]") {
  for (const int threads : {1, 2, 7}) {
    std::atomic<int> done = 0;
    const auto work = [&](std::size_t i) {
      ++done;
      if (i == 100 || i >= 130) throw std::runtime_error(std::to_string(i));
    };
    CHECK_THROWS_WITH(each(100000, threads, work), "100");
    CHECK(done < 100000);
  }
}
