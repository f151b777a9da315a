// What Score Image Model writes and Evaluate Model reads: for each image the probability of every category and the likeliest one,
// beside the true category where it is known. A DataFrameDirectory with columns and roles of these names.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "datasets/tables/data_frame_table.h"

namespace torchport::datasets {

struct ScoredDataset {
  std::vector<std::string> classes;                ///< the model's, in the order of its outputs
  std::vector<std::string> truth;                  ///< category of each row; empty where the dataset has no labels
  std::vector<std::string> predicted;              ///< category of the highest probability, of each row
  std::vector<std::vector<double>> probabilities;  ///< [class][row]
  std::vector<std::int64_t> ids;                   ///< of each row; empty where a table from elsewhere has none
  std::vector<std::string> origins;                ///< path that the image of each row came from; empty where that is not noted
  std::string doubt;                               ///< for the log: that origins are noted, but not used, and why
  std::size_t rows() const { return predicted.size(); }
};

/// Writes and publishes the columns `label_column` and `id` (sorted by name), `Scored Probabilities_<class>` and `Scored Labels`,
/// and beside the table the origins of its rows. \pre there is an id for each row
void write_scored_dataset(runtime::OutputDirectory& output, ScoredDataset scored, const std::string& label_column,
                          TableFormat format);

/// Reads a labelled scored dataset. The columns are found by the schema's roles, or in a table without them by their names, with
/// `category` for the true labels. \throws Error NotScoredDataset.*, NotLabeledDataset.unlabelled
ScoredDataset read_scored_dataset(const DataFrameDirectory& directory);

}  // namespace torchport::datasets
