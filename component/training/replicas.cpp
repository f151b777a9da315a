#include "component/training/replicas.h"

#include <algorithm>
#include <map>
#include <vector>

#include "runtime/equal_ranks.h"

namespace torchport::component {
namespace {

using Hashes = std::vector<std::uint64_t>;  ///< one a parameter

Hashes hashes_of(const models::ClassifierModule& network) {
  Hashes hashes;
  for (const at::Tensor& parameter : network.parameters()) {
    const at::Tensor here = parameter.detach().cpu();
    hashes.push_back(runtime::hash_of({static_cast<const char*>(here.const_data_ptr()), here.nbytes()}));
  }
  return hashes;
}

std::uint64_t hash_of(const Hashes& hashes) {
  return runtime::hash_of({reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof(std::uint64_t)});
}

/// The value of each rank: summed, with that of no other in its place, in two halves that a double holds exactly.
Hashes gathered(std::uint64_t mine, runtime::Control& control) {
  const auto size = static_cast<std::size_t>(control.size()), rank = static_cast<std::size_t>(control.rank());
  std::vector<double> halves(2 * size);
  halves[2 * rank] = static_cast<double>(mine >> 32);
  halves[2 * rank + 1] = static_cast<double>(mine & 0xffffffffU);
  control.sum(halves);
  Hashes all;
  for (std::size_t i = 0; i < size; ++i)
    all.push_back(static_cast<std::uint64_t>(halves[2 * i]) << 32 | static_cast<std::uint64_t>(halves[2 * i + 1]));
  return all;
}

/// The value that most ranks have, of two that are as frequent the one of the lower rank.
std::uint64_t most_frequent(const Hashes& all) {
  std::map<std::uint64_t, std::size_t> counts;
  for (const std::uint64_t one : all) ++counts[one];
  return *std::max_element(all.begin(), all.end(), [&](std::uint64_t a, std::uint64_t b) { return counts[a] < counts[b]; });
}

Hashes of_rank(Hashes hashes, int rank, runtime::Control& control) {
  control.broadcast(hashes.data(), hashes.size() * sizeof(std::uint64_t), rank);
  return hashes;
}

}  // namespace

void check_replicas(const models::ClassifierModule& network, std::int64_t epoch, runtime::Control& control) {
  if (control.size() == 1) return;
  const Hashes mine = hashes_of(network);
  if (runtime::first_unequal(control, hash_of(mine)) < 0) return;

  const Hashes all = gathered(hash_of(mine), control);
  const std::uint64_t usual = most_frequent(all);
  const auto right = std::find(all.begin(), all.end(), usual);
  const auto wrong = std::find_if(all.begin(), all.end(), [&](std::uint64_t one) { return one != usual; });
  const int good = static_cast<int>(right - all.begin()), blamed = static_cast<int>(wrong - all.begin());
  const Hashes wanted = of_rank(mine, good, control), found = of_rank(mine, blamed, control);
  std::size_t count = 0;
  std::string first;
  const auto parameters = network.named_parameters();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != found[i] && count++ == 0) first = parameters[i].key();
  }
  const std::string place = runtime::place_of_rank(control);
  const std::string at = control.broadcast_text(place, blamed), other = control.broadcast_text(place, good);
  const auto alike = std::count(all.begin(), all.end(), usual);
  control.stop_all({runtime::Error("NaN.replicas", {{"place", at},
                                                    {"others", alike == 1 ? other : std::to_string(alike) + " other ranks"},
                                                    {"epoch", std::to_string(epoch)},
                                                    {"count", std::to_string(count)},
                                                    {"total", std::to_string(wanted.size())},
                                                    {"tensor", first}})},
                   blamed);
}

}  // namespace torchport::component
