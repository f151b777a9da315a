// index_to_label.csv of a trained model directory: the category names by class index, as pandas writes a data frame.
// Used when a model directory is opened or written.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace torchport::models {

/// The labels of a CSV text with the columns "" and "label", whose rows are numbered 0, 1, 2, ... \throws std::runtime_error
std::vector<std::string> parse_label_map(std::string_view csv);

/// The CSV text of `labels`, quoted as pandas quotes, and also where a carriage return would end the row for pandas.
std::string label_map_csv(const std::vector<std::string>& labels);

}  // namespace torchport::models
