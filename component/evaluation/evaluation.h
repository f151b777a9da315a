// The figures by which a scored dataset is judged, each as scikit-learn defines it where it does. Torch-free.
// Computed and written by Evaluate Model.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datasets/tables/scored_dataset.h"

namespace torchport::component {

/// Precision, recall and F1; 0 where a denominator is 0.
struct Quality {
  double precision = 0, recall = 0, f1 = 0;
};

struct CategoryResult {
  std::string name;
  Quality quality;
  std::int64_t support = 0;    ///< rows of this category
  std::int64_t predicted = 0;  ///< rows taken for it
};

/// The rows whose highest probability lies in one of equal intervals (low, high].
struct ConfidenceBin {
  double low = 0, high = 0;
  std::int64_t rows = 0;
  double confidence = 0;  ///< mean of the highest probabilities; 0 without rows
  double accuracy = 0;
};

inline constexpr std::size_t kConfidenceBins = 15;
inline constexpr std::size_t kTop = 5;

struct Evaluation {
  std::int64_t rows = 0;
  double accuracy = 0;
  double top5 = 0;               ///< the true category is among the five likeliest (or as many as the model has)
  double log_loss = 0;           ///< mean of -ln p(true category), p within [eps, 1 - eps] of double precision
  double calibration_error = 0;  ///< expected: mean over rows of |accuracy - confidence| of the row's bin
  /// Of the categories that occur, as truth or prediction: their mean, the same from summed counts, their mean weighted by support.
  Quality macro, micro, weighted;
  std::vector<CategoryResult> categories;         ///< the model's in its order, then others that occur, sorted
  std::vector<std::vector<std::int64_t>> matrix;  ///< [true][predicted], in the order of `categories`
  std::array<ConfidenceBin, kConfidenceBins> bins;
};

/// \pre there is a row, and no more than kMaxCategories categories
Evaluation evaluate_scores(const datasets::ScoredDataset& scored);

/// -ln p, p within [eps, 1 - eps] of double precision.
double log_loss_of(double probability);

/// The names of Evaluation::categories.
std::vector<std::string> all_categories(const datasets::ScoredDataset& scored);

}  // namespace torchport::component
