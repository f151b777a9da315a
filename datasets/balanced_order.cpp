#include "datasets/balanced_order.h"

#include <algorithm>

#include "datasets/random.h"
#include "datasets/sampler.h"

namespace torchport::datasets {
namespace {

constexpr std::uint64_t kShares = 0x736861726573, kImages = 0x696d61676573;  // "shares", "images": streams of their own

/// The images of each category that has some.
std::vector<std::vector<std::uint32_t>> by_category(const std::vector<std::int32_t>& labels) {
  std::vector<std::vector<std::uint32_t>> members;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    if (label >= members.size()) members.resize(label + 1);
    members[label].push_back(static_cast<std::uint32_t>(i));
  }
  std::erase_if(members, [](const auto& some) { return some.empty(); });
  return members;
}

void shuffle(std::vector<std::uint32_t>& some, RandomStream& random) {
  for (std::size_t i = some.size(); i > 1; --i) std::swap(some[i - 1], some[below(random, i)]);
}

}  // namespace

EpochOrder balanced_order(const std::vector<std::int32_t>& labels, std::int64_t seed, std::int64_t epoch) {
  auto members = by_category(labels);
  const auto s = static_cast<std::uint64_t>(seed), e = static_cast<std::uint64_t>(epoch);
  std::vector<std::uint32_t> places(members.size());
  for (std::size_t c = 0; c < places.size(); ++c) places[c] = static_cast<std::uint32_t>(c);
  RandomStream shares{kShares, s, e};
  shuffle(places, shares);

  EpochOrder drawn;
  for (std::size_t c = 0; c < members.size(); ++c) {
    RandomStream random{kImages, s, e, c};
    std::size_t left = labels.size() / members.size() + (places[c] < labels.size() % members.size() ? 1 : 0);
    for (std::uint32_t round = 0; left > 0; ++round) {
      shuffle(members[c], random);
      const std::size_t count = std::min(left, members[c].size());
      drawn.images.insert(drawn.images.end(), members[c].begin(), members[c].begin() + static_cast<std::ptrdiff_t>(count));
      drawn.draws.insert(drawn.draws.end(), count, round);
      left -= count;
    }
  }
  EpochOrder order;
  for (const std::uint32_t place : permutation(labels.size(), seed, epoch)) {
    order.images.push_back(drawn.images[place]);
    order.draws.push_back(drawn.draws[place]);
  }
  return order;
}

}  // namespace torchport::datasets
