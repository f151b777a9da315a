// The confusion matrix as a picture of pixels, for those who cannot show confusion_svg's. Drawn by Evaluate Model for the sinks.
#pragma once
#include <string>

#include "component/evaluation/evaluation.h"

namespace torchport::component {

/// PNG bytes: a square a cell, true categories downwards and predicted ones to the right in the order of metrics.json. The shade is
/// the share of the true category: blue: right, orange: wrong.
std::string confusion_png(const Evaluation& evaluation);

}  // namespace torchport::component
