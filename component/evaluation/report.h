// What Evaluate Model writes of an evaluation: figures as JSON, the confusion matrix as CSV.
#pragma once
#include <string>

#include "component/evaluation/comparison.h"
#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// A second scored dataset beside the evaluated one.
struct ComparedEvaluation {
  Evaluation evaluation;
  std::optional<PairedResult> paired;  ///< nothing where the images are not the same
};

/// metrics.json: all figures of the evaluation, the matrix a line for each true category. `compared` adds those of a second
/// dataset.
std::string metrics_json(const Evaluation& evaluation, const ComparedEvaluation* compared = nullptr);

/// confusion_matrix.csv: a row for each true category, a column for each predicted one.
std::string confusion_csv(const Evaluation& evaluation);

}  // namespace torchport::component
