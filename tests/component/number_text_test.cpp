#include "component/training/number_text.h"

#include <limits>

#include "tests/support/catch.h"

using torchport::component::number_text;

TEST_CASE("number_text: what is no number has no sign, however the processor made it", "[trainer]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(number_text(nan) == "NaN");
  CHECK(number_text(-nan) == "NaN");
  CHECK(number_text(infinity) == "infinity");
  CHECK(number_text(-infinity) == "-infinity");
  CHECK(number_text(0.0125) == "0.0125");
}
