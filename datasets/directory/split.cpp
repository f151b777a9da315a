#include "datasets/directory/split.h"

#include <cmath>
#include <numeric>
#include <random>

namespace torchport::datasets {
namespace {

using Rows = std::vector<std::uint32_t>;

/// numpy.random.RandomState: MT19937, seeded and used as NumPy has done it since before its Generator class.
class LegacyRandom {
 public:
  explicit LegacyRandom(std::uint32_t seed) : engine_(seed) {}

  void shuffle(Rows& rows) {
    for (std::size_t i = rows.size(); i-- > 1;) std::swap(rows[i], rows[up_to(static_cast<std::uint32_t>(i))]);
  }
  Rows permutation(std::size_t count) {
    Rows rows(count);
    std::iota(rows.begin(), rows.end(), 0u);
    shuffle(rows);
    return rows;
  }

 private:
  /// Uniform in [0, most]: draws are masked to the bits of `most` and thrown away where they are above it.
  std::uint32_t up_to(std::uint32_t most) {
    std::uint32_t mask = most, value = 0;
    for (const unsigned shift : {1, 2, 4, 8, 16}) mask |= mask >> shift;
    do value = static_cast<std::uint32_t>(engine_()) & mask;
    while (value > most);
    return value;
  }
  std::mt19937 engine_;
};

/// How many of `draws` each stratum gets: scikit-learn's _approximate_mode, an approximate mode of the multivariate hypergeometric
/// distribution. Shares are rounded down; what is missing goes to the largest remainders, drawn by lot among equal ones.
std::vector<std::size_t> approximate_mode(const std::vector<std::size_t>& sizes, std::size_t draws, LegacyRandom& random) {
  const auto total = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  std::vector<double> exact;  // rounded to double here: equal remainders are those of scikit-learn, bit by bit
  for (const std::size_t size : sizes) exact.push_back(static_cast<double>(size) / total * static_cast<double>(draws));
  std::vector<std::size_t> share;
  std::map<double, Rows, std::greater<>> by_remainder;
  std::size_t given = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const double floored = std::floor(exact[k]);
    share.push_back(static_cast<std::size_t>(floored));
    given += share.back();
    by_remainder[exact[k] - floored].push_back(static_cast<std::uint32_t>(k));
  }
  for (const auto& [remainder, strata] : by_remainder) {
    if (given >= draws) break;
    const std::size_t count = std::min(strata.size(), draws - given);
    const Rows lot = random.permutation(strata.size());  // drawn even where all of them get one
    for (std::size_t k = 0; k < count; ++k) ++share[strata[lot[k]]];
    given += count;
  }
  return share;
}

/// The rows of each stratum that has any, in order.
std::vector<Rows> rows_by_stratum(const std::vector<std::int32_t>& strata) {
  std::map<std::int32_t, Rows> by_stratum;
  for (std::size_t row = 0; row < strata.size(); ++row) by_stratum[strata[row]].push_back(static_cast<std::uint32_t>(row));
  std::vector<Rows> rows;
  for (auto& [stratum, members] : by_stratum) rows.push_back(std::move(members));
  return rows;
}

}  // namespace

std::size_t first_size(std::size_t rows, double fraction) {
  const auto size = static_cast<std::size_t>(fraction * static_cast<double>(rows));
  return std::clamp<std::size_t>(size, 1, rows - 1);  // 1/49 * 49 is below 1 in double
}

Split random_split(std::size_t rows, double fraction, std::uint32_t seed) {
  const Rows all = LegacyRandom(seed).permutation(rows);
  const auto middle = all.end() - static_cast<std::ptrdiff_t>(first_size(rows, fraction));
  return {{middle, all.end()}, {all.begin(), middle}};
}

std::optional<Split> stratified_split(const std::vector<std::int32_t>& strata, double fraction, std::uint32_t seed) {
  const std::vector<Rows> groups = rows_by_stratum(strata);
  const std::size_t first = first_size(strata.size(), fraction), second = strata.size() - first;
  std::vector<std::size_t> sizes;
  for (const Rows& group : groups) sizes.push_back(group.size());
  if (first < groups.size() || second < groups.size() || *std::min_element(sizes.begin(), sizes.end()) < 2) return std::nullopt;

  LegacyRandom random(seed);
  const std::vector<std::size_t> firsts = approximate_mode(sizes, first, random);
  for (std::size_t k = 0; k < sizes.size(); ++k) sizes[k] -= firsts[k];
  approximate_mode(sizes, second, random);  // it gives each stratum what is left, but its lots move the generator on
  Split split;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    const Rows order = random.permutation(groups[k].size());
    for (std::size_t i = 0; i < order.size(); ++i) (i < firsts[k] ? split.first : split.second).push_back(groups[k][order[i]]);
  }
  random.shuffle(split.first);
  random.shuffle(split.second);
  return split;
}

std::vector<std::int32_t> strata_of(const ImageDirectory& images) {
  std::vector<std::pair<std::string, std::size_t>> by_name;  // bytes of UTF-8 sort as code points do
  for (const Category& category : images.categories()) by_name.emplace_back(category.name, by_name.size());
  std::sort(by_name.begin(), by_name.end());
  std::vector<std::int32_t> place(by_name.size());
  for (std::size_t k = 0; k < by_name.size(); ++k) place[by_name[k].second] = static_cast<std::int32_t>(k);
  std::vector<std::int32_t> strata;
  for (std::size_t i = 0; i < images.size(); ++i) strata.push_back(place[static_cast<std::size_t>(images.label(i))]);
  return strata;
}

}  // namespace torchport::datasets
