// Which columns of a table hold a scored dataset. Used by the check, which has no table, and by the reader.
#pragma once
#include <string>
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

}  // namespace torchport::datasets
