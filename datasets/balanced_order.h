// The images of an epoch where each category is to come as often: small categories' images several times, of large ones a part.
// Used by the trainer's BatchFeed instead of permutation().
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torchport::datasets {

struct EpochOrder {
  std::vector<std::uint32_t> images;
  /// Of each: how often the image came before in the epoch, which decides on what its transformation draws; empty: all 0.
  std::vector<std::uint32_t> draws;
};

/// As many draws as there are labels, shared out evenly over the categories that have images; what does not divide goes to other
/// categories in each epoch. Within a category no image comes twice more than another. A function of the arguments alone, the same
/// on every machine. Expected frequencies are those of torch's WeightedRandomSampler with weights 1 / (images of the category).
EpochOrder balanced_order(const std::vector<std::int32_t>& labels, std::int64_t seed, std::int64_t epoch);

}  // namespace torchport::datasets
