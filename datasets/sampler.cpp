#include "datasets/sampler.h"

#include <numeric>
#include <random>
#include <stdexcept>

#include "datasets/random.h"

namespace torchport::datasets {

Slice share(std::size_t first, std::size_t count, int rank, int world) {
  const auto r = static_cast<std::size_t>(rank), w = static_cast<std::size_t>(world);
  return {first + count * r / w, first + count * (r + 1) / w, count};
}

BatchPlan::BatchPlan(std::size_t rows, std::size_t batch_size, int rank, int world)
    : rows_(rows), global_batch_(batch_size * static_cast<std::size_t>(world)), rank_(rank), world_(world) {
  if (global_batch_ == 0 || global_batch_ > rows) throw std::logic_error("BatchPlan: fewer rows than one global batch");
  const std::size_t tail = rows % global_batch_;
  const bool own_step = tail / static_cast<std::size_t>(world) >= 2;
  steps_ = rows / global_batch_ + (own_step ? 1 : 0);
}

Slice BatchPlan::slice(std::size_t step) const {
  const std::size_t first = step * global_batch_;
  const std::size_t count = step + 1 == steps_ ? rows_ - first : global_batch_;
  return share(first, count, rank_, world_);
}

std::vector<std::uint32_t> permutation(std::size_t rows, std::int64_t seed, std::int64_t epoch) {
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(spread(spread(static_cast<std::uint64_t>(seed)) + static_cast<std::uint64_t>(epoch)));
  for (std::size_t i = rows; i > 1; --i) std::swap(order[i - 1], order[below(random, i)]);
  return order;
}

}  // namespace torchport::datasets
