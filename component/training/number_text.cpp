#include "component/training/number_text.h"

#include <cmath>

#include "runtime/text/format.h"

namespace torchport::component {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return runtime::formatted("%g", value);
}

}  // namespace torchport::component
