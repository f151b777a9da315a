#include "datasets/sampler.h"

#include <algorithm>
#include <numeric>

#include "tests/support/catch.h"

using namespace torchport::datasets;

namespace {

// The rows of every rank in every step, checked to be the same number of steps on all ranks.
std::vector<std::vector<Slice>> plan(std::size_t rows, std::size_t batch, int world) {
  std::vector<std::vector<Slice>> ranks;
  for (int rank = 0; rank < world; ++rank) {
    const BatchPlan one(rows, batch, rank, world);
    std::vector<Slice> slices;
    for (std::size_t s = 0; s < one.steps(); ++s) slices.push_back(one.slice(s));
    ranks.push_back(std::move(slices));
  }
  return ranks;
}

}  // namespace

TEST_CASE("sampler: every row is used once in an epoch, whatever the tail", "[sampler]") {
  for (const std::size_t rows : {8U, 9U, 10U, 15U, 24U, 25U, 31U, 100U}) {
    for (const int world : {1, 2, 3, 4}) {
      for (const std::size_t batch : {1U, 2U, 5U, 8U}) {
        if (batch * static_cast<std::size_t>(world) > rows) continue;
        const auto ranks = plan(rows, batch, world);
        std::vector<int> used(rows, 0);
        for (const auto& slices : ranks) {
          REQUIRE(slices.size() == ranks[0].size());
          for (const auto& slice : slices) {
            for (std::size_t i = slice.begin; i < slice.end; ++i) ++used[i];
          }
        }
        CHECK(std::all_of(used.begin(), used.end(), [](int n) { return n == 1; }));
      }
    }
  }
}

TEST_CASE("sampler: the shares of a step add up to its global batch", "[sampler]") {
  for (const auto& [rows, batch, world] : {std::tuple{25U, 4U, 2}, {31U, 5U, 3}, {16U, 4U, 4}}) {
    const auto ranks = plan(rows, batch, world);
    for (std::size_t s = 0; s < ranks[0].size(); ++s) {
      std::size_t sum = 0;
      for (const auto& slices : ranks) sum += slices[s].size();
      CHECK(sum == ranks[0][s].global);
    }
  }
}

TEST_CASE("sampler: a partial last batch is a step of its own where each rank has two images or more", "[sampler]") {
  CHECK(BatchPlan(10, 4, 0, 1).steps() == 3);
  CHECK(BatchPlan(10, 4, 0, 1).slice(2).size() == 2);
  CHECK(BatchPlan(20, 4, 0, 2).steps() == 3);
  CHECK(BatchPlan(20, 4, 1, 2).slice(2).size() == 2);
}

TEST_CASE("sampler: a tail of one image per rank joins the batch before it", "[sampler]") {
  CHECK(BatchPlan(9, 4, 0, 1).steps() == 2);
  CHECK(BatchPlan(9, 4, 0, 1).slice(1).size() == 5);
  CHECK(BatchPlan(18, 4, 0, 2).steps() == 2);  // one each
  CHECK(BatchPlan(18, 4, 1, 2).slice(1).size() == 5);
  CHECK(BatchPlan(19, 4, 0, 2).steps() == 2);  // two for one rank, one for the other
  CHECK(BatchPlan(17, 4, 0, 2).steps() == 2);  // none for one rank
  CHECK(BatchPlan(5, 4, 0, 1).steps() == 1);
}

TEST_CASE("sampler: a permutation holds every row once and depends on seed and epoch", "[sampler]") {
  const auto order = permutation(1000, 1, 0);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0U);
  CHECK(sorted == all);
  CHECK(order == permutation(1000, 1, 0));
  CHECK(order != permutation(1000, 1, 1));
  CHECK(order != permutation(1000, 2, 0));
  CHECK(permutation(1000, -1, 0) != permutation(1000, 1, 0));
}

TEST_CASE("sampler: permutations are uniform", "[sampler]") {
  // Each of the 6 orders of 3 rows: 6000 draws, expected 1000 each; chi-square with 5 degrees of freedom, 99.99 % quantile 25.7.
  std::map<std::vector<std::uint32_t>, int> counts;
  for (int epoch = 0; epoch < 6000; ++epoch) ++counts[permutation(3, 7, epoch)];
  REQUIRE(counts.size() == 6);
  double chi_square = 0;
  for (const auto& [order, n] : counts) chi_square += (n - 1000.0) * (n - 1000.0) / 1000.0;
  CHECK(chi_square < 25.7);
}
