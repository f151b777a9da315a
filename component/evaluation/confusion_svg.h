// The confusion matrix as a picture. Written by Evaluate Model.
#pragma once
#include <string>

#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// confusion_matrix.svg: self-contained, readable for 2 as for 1000 categories. A cell's shade is its share of the true category;
/// names and counts are left out where they would not be legible.
std::string confusion_svg(const Evaluation& evaluation);

}  // namespace torchport::component
