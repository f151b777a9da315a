// What Evaluate Model writes of an evaluation: figures as JSON, the confusion matrix as CSV and as a picture.
#pragma once
#include <string>

#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// metrics.json: all figures of the evaluation, the matrix a line for each true category.
std::string metrics_json(const Evaluation& evaluation);

/// confusion_matrix.csv: a row for each true category, a column for each predicted one.
std::string confusion_csv(const Evaluation& evaluation);

/// confusion_matrix.svg: self-contained, readable for 2 as for 1000 categories. A cell's shade is its share of the true category;
/// names and counts are left out where they would not be legible.
std::string confusion_svg(const Evaluation& evaluation);

}  // namespace torchport::component
