#include "datasets/sampler.h"

#include <algorithm>
#include <numeric>

#include "datasets/balanced_order.h"
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

namespace {
/// 40 images of category 0, 7 of category 1, none of 2, 4 of 3.
std::vector<std::int32_t> unequal_labels() {
  std::vector<std::int32_t> labels(51, 0);
  for (const std::size_t i : {3U, 9U, 11U, 20U, 33U, 40U, 50U}) labels[i] = 1;
  for (const std::size_t i : {0U, 1U, 30U, 49U}) labels[i] = 3;
  return labels;
}
}  // namespace

TEST_CASE("sampler: a balanced order has as many draws as images, as many of each category, no image twice more than another",
          "[sampler]") {
  auto labels = unequal_labels();
  labels.pop_back();
  labels.push_back(0);  // 41, 6, 4: 51 are 17 each
  const auto order = balanced_order(labels, 1, 0);
  REQUIRE(order.images.size() == 51);
  REQUIRE(order.draws.size() == 51);
  std::map<std::uint32_t, std::vector<std::uint32_t>> draws;
  std::map<std::int32_t, int> of;
  for (std::size_t i = 0; i < 51; ++i) {
    ++of[labels[order.images[i]]];
    draws[order.images[i]].push_back(order.draws[i]);
  }
  CHECK(of == std::map<std::int32_t, int>{{0, 17}, {1, 17}, {3, 17}});
  for (auto& [image, numbers] : draws) {  // 17 of 41, 17 = 2 * 6 + 5, 17 = 4 * 4 + 1
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t n = 0; n < numbers.size(); ++n) CHECK(numbers[n] == n);
    if (labels[image] == 0) CHECK(numbers.size() == 1);
    if (labels[image] == 1) CHECK((numbers.size() == 2 || numbers.size() == 3));
    if (labels[image] == 3) CHECK((numbers.size() == 4 || numbers.size() == 5));
  }
}

TEST_CASE("sampler: a balanced order depends on seed and epoch, and is shuffled", "[sampler]") {
  const auto labels = unequal_labels();
  const auto order = balanced_order(labels, 1, 0);
  CHECK(order.images == balanced_order(labels, 1, 0).images);
  CHECK(order.images != balanced_order(labels, 1, 1).images);
  CHECK(order.images != balanced_order(labels, 2, 0).images);
  std::vector<std::int32_t> found;
  for (const auto image : order.images) found.push_back(labels[image]);
  CHECK_FALSE(std::is_sorted(found.begin(), found.end()));
}

TEST_CASE("sampler: a balanced order draws images as often as torch's WeightedRandomSampler", "[sampler]") {
  // Its expectation: an image of a category of n images comes 50 / 3 / n times in an epoch of 50. What does not divide wanders.
  auto labels = unequal_labels();
  labels.pop_back();
  std::vector<double> counts(50);
  constexpr int kEpochs = 4000;
  for (int epoch = 0; epoch < kEpochs; ++epoch)
    for (const auto image : balanced_order(labels, 5, epoch).images) counts[image] += 1.0 / kEpochs;
  const std::map<std::int32_t, double> size = {{0, 40}, {1, 6}, {3, 4}};
  for (std::size_t i = 0; i < 50; ++i) CHECK(counts[i] == Approx(50.0 / 3 / size.at(labels[i])).epsilon(0.1));
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
