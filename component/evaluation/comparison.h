// Two models side by side: the figures of a second scored dataset beside those of the first. Torch-free. Computed and written by
// Evaluate Model where it is given one to compare.
#pragma once
#include <optional>
#include <string>

#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// How often which of two models is right about the same image.
struct PairedResult {
  std::int64_t images = 0, both = 0, first_only = 0, second_only = 0, neither = 0;
};

/// Image by image, where both datasets have the same images (by id) with the same true categories, in any order; else nothing.
std::optional<PairedResult> paired(const datasets::ScoredDataset& first, const datasets::ScoredDataset& second);

/// One figure of both, e.g. "accuracy", or "F1 of cat".
struct ComparedFigure {
  std::string name;
  double first = 0, second = 0;
};

/// Those of the whole, then F1 of each category of the first that the second has, too.
std::vector<ComparedFigure> compared_figures(const Evaluation& first, const Evaluation& second);

/// comparison.csv: a row for each figure, with the second less the first.
std::string comparison_csv(const std::vector<ComparedFigure>& figures);

}  // namespace torchport::component
