// Which columns of a table hold a scored dataset. Called by the check of Evaluate Model, which reads no table, and by
// scored_dataset.cpp.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/tables/data_frame_directory.h"

namespace torchport::datasets {

inline constexpr std::string_view kProbabilities = "Scored Probabilities_", kScoredLabels = "Scored Labels";
inline constexpr std::string_view kPredictedRole = "Multi Class Assigned Labels";

struct ScoredColumns {
  std::string truth, predicted;
  std::vector<std::pair<std::string, std::string>> probabilities;  ///< class and column, in the table's order
};

/// \throws Error NotScoredDataset.no_columns, NotLabeledDataset.unlabelled, with fields `what` and `path` of `directory`
ScoredColumns scored_columns(const DataFrameDirectory& directory, const std::vector<std::string>& names);

/// Whether the columns that the schema lists make a labelled scored dataset. A bare table passes: only reading it can tell.
/// \throws Error NotScoredDataset.no_columns, NotLabeledDataset.unlabelled
void check_scored(const DataFrameDirectory& directory);

}  // namespace torchport::datasets
