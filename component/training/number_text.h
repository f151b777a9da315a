// Losses and learning rates in the errors of a training.
#pragma once
#include <string>

namespace torchport::component {

/// Six digits; "NaN", which has no sign, and "infinity" or "-infinity".
std::string number_text(double value);

}  // namespace torchport::component
