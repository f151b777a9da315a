// What Evaluate Model left, as a page can hold it: all figures, and of the mistakes those with the largest loss and some of each
// kind. Read for the report of a run.
#pragma once
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace torchport::component {

/// A row of mistakes.csv.
struct ShownMistake {
  std::string image, id;                 ///< the path that it came from; empty where that is not noted
  std::size_t truth = 0, predicted = 0;  ///< places among the categories
  double probability = 0, true_probability = 0, loss = 0;
};

/// How often the images of one category were taken for another.
struct ConfusedPair {
  std::size_t truth = 0, predicted = 0;
  std::int64_t count = 0;
};

struct EvaluationFacts {
  nlohmann::json metrics;              ///< metrics.json
  std::vector<std::string> names;      ///< of the categories
  std::vector<ConfusedPair> cells;     ///< of the matrix, without those that are 0, by their place
  std::vector<ConfusedPair> pairs;     ///< those of them that are mistakes, the most frequent first
  std::vector<ShownMistake> mistakes;  ///< by loss
  std::size_t all_mistakes = 0;        ///< in mistakes.csv
};

/// Reads an EvaluationDirectory. \throws std::runtime_error saying which file cannot be read and why
EvaluationFacts read_evaluation(const std::filesystem::path& folder);

}  // namespace torchport::component
