// Dropout by the key of the step: what decides on its mask, and that a second run of the same step sees the same.
#include <torch/torch.h>

#include <thread>

#include "models/nn/dropout.h"
#include "models/nn/random_key.h"
#include "models/nn/recompute.h"
#include "tests/support/catch.h"

using namespace torchport;

namespace {

constexpr double kProbability = 0.25;

/// Which of `count` elements a dropout keeps, and by what it scales them.
at::Tensor mask(const at::Tensor& key, std::int64_t place = 0, std::int64_t count = 1000) {
  const models::RandomKeyScope scope(key);
  models::Dropout dropout(kProbability);
  dropout->set_place(place);
  return dropout->forward(at::ones({count}));
}

}  // namespace

TEST_CASE("dropout: its mask is a function of seed, epoch, step, rank and place, and of nothing else", "[dropout]") {
  const at::Tensor first = mask(models::random_key(1, 2, 3, 0));
  torch::manual_seed(99);
  torch::rand({5});
  at::set_num_threads(1);
  CHECK(at::equal(first, mask(models::random_key(1, 2, 3, 0))));
  at::set_num_threads(2);
  CHECK(at::equal(first, mask(models::random_key(1, 2, 3, 0))));
  CHECK_FALSE(at::equal(first, mask(models::random_key(2, 2, 3, 0))));
  CHECK_FALSE(at::equal(first, mask(models::random_key(1, 3, 3, 0))));
  CHECK_FALSE(at::equal(first, mask(models::random_key(1, 2, 4, 0))));
  CHECK_FALSE(at::equal(first, mask(models::random_key(1, 2, 3, 1))));
  CHECK_FALSE(at::equal(first, mask(models::random_key(1, 2, 3, 0), 1)));
  torch::manual_seed(7);
  const at::Tensor wanted = torch::rand({3});
  torch::manual_seed(7);
  mask(models::random_key(1, 2, 3, 0));
  CHECK(at::equal(torch::rand({3}), wanted));  // torch's generator has not moved
}

TEST_CASE("dropout: a quarter of the elements is zero, the others are scaled so that the mean stays", "[dropout]") {
  const at::Tensor kept = mask(models::random_key(1, 0, 0, 0), 0, 1'000'000);
  const auto zeros = kept.eq(0), scaled = kept.eq(static_cast<float>(1 / (1 - kProbability)));
  CHECK(at::logical_or(zeros, scaled).all().item<bool>());
  CHECK(zeros.sum().item<double>() / 1e6 == Approx(kProbability).margin(0.002));  // 4.6 standard deviations
  // Neighbours are independent: both are left out as often as chance has it.
  const auto both = at::logical_and(zeros.slice(0, 1), zeros.slice(0, 0, -1)).sum().item<double>() / 1e6;
  CHECK(both == Approx(kProbability * kProbability).margin(0.002));
}

TEST_CASE("dropout: the numbers are SplitMix64's of the key", "[dropout]") {
  const auto spread = [](std::uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  };
  std::uint64_t key = 0;
  for (const std::uint64_t part : {5U, 1U, 7U, 3U}) key = spread(key + part);
  const models::RandomKeyScope scope(models::random_key(5, 1, 7, 3));
  CHECK(static_cast<std::uint64_t>(models::RandomKeyScope::current().item<std::int64_t>()) == key);
  const at::Tensor numbers = models::keyed_uniform({4, 25}, 2, at::kCPU).flatten();
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t bits = spread(spread(key + 2) + i * 0x9e3779b97f4a7c15ULL) >> 40;
    CHECK(numbers[static_cast<std::int64_t>(i)].item<float>() == static_cast<float>(bits) * 0x1p-24F);
  }
}

TEST_CASE("dropout: a part that is computed again in the backward pass sees the same mask", "[dropout]") {
  const at::Tensor x = torch::ones({64}, at::requires_grad());
  models::Dropout dropout(kProbability);
  at::Tensor seen;
  const auto compute = [&](const std::vector<at::Tensor>& inputs) {
    seen = dropout->forward(inputs[0]);
    return seen * 2;
  };
  at::Tensor y;
  {
    const models::RandomKeyScope scope(models::random_key(1, 0, 4, 0));
    y = models::checkpoint(compute, {x}, {});
  }
  const at::Tensor first = seen.clone();
  const models::RandomKeyScope of_the_next_step(models::random_key(1, 0, 5, 0));
  y.sum().backward();
  CHECK(at::equal(seen, first));
  CHECK(at::equal(x.grad(), first * 2));
}

TEST_CASE("dropout: evaluation and a probability of 0 change nothing and need no key; training without one is our bug",
          "[dropout]") {
  const at::Tensor x = torch::randn({10});
  models::Dropout dropout(kProbability), none(0.0);
  CHECK(at::equal(none->forward(x), x));
  CHECK_THROWS_WITH(dropout->forward(x), "a layer draws, but its thread has no RandomKeyScope");
  std::thread([&] {  // a scope is of its thread
    const models::RandomKeyScope scope(models::random_key(1, 0, 0, 0));
    CHECK_FALSE(at::equal(dropout->forward(x), x));
  })
      .join();
  CHECK_THROWS(dropout->forward(x));
  dropout->eval();
  CHECK(at::equal(dropout->forward(x), x));
}
