// The images that a model takes for something else, worst first: what a person looks at to find out why. Written by Evaluate Model.
#pragma once
#include <cstddef>
#include <string>

#include "datasets/tables/scored_dataset.h"

namespace torchport::component {

/// How many rows are predicted wrongly.
std::size_t count_mistakes(const datasets::ScoredDataset& scored);

/// mistakes.csv: a row for each of them, those with the largest loss first: where the image came from, its id, the two categories
/// and their probabilities, and the loss. What a table from elsewhere does not say stays empty.
std::string mistakes_csv(const datasets::ScoredDataset& scored);

}  // namespace torchport::component
