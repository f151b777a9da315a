// What Evaluate Model writes of an evaluation: figures as JSON, the confusion matrix as CSV.
#pragma once
#include <string>

#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// metrics.json: all figures of the evaluation, the matrix a line for each true category.
std::string metrics_json(const Evaluation& evaluation);

/// confusion_matrix.csv: a row for each true category, a column for each predicted one.
std::string confusion_csv(const Evaluation& evaluation);

}  // namespace torchport::component
