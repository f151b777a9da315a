// Which images go to which side of Split Image Directory: those that the original puts there, in its order. It calls scikit-learn's
// train_test_split, whose algorithm and NumPy's legacy generator below it are followed here draw by draw.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "datasets/directory/image_directory.h"

namespace torchport::datasets {

/// The rows of an index on each side, in their shuffled order; every row is on one of them.
struct Split {
  std::vector<std::uint32_t> first, second;
};

/// At least 1 and at most rows - 1 on the first side, for a fraction within [1/rows, 1 - 1/rows]: fraction * rows, rounded down.
std::size_t first_size(std::size_t rows, double fraction);

/// sklearn.model_selection.train_test_split(range(rows), train_size=fraction, random_state=seed)
Split random_split(std::size_t rows, double fraction, std::uint32_t seed);

/// The same with stratify=strata: each side gets each stratum's share. Numbers of strata stand for their order by name; unused ones
/// are passed over. Nothing where scikit-learn raises ValueError: a stratum with one row, or fewer rows on a side than strata.
std::optional<Split> stratified_split(const std::vector<std::int32_t>& strata, double fraction, std::uint32_t seed);

/// The category of each image as its place among the categories in the order of their names' code points, as NumPy sorts them.
std::vector<std::int32_t> strata_of(const ImageDirectory& images);

}  // namespace torchport::datasets
