// The line that a terminal shows of a step that is under way.
#include "runtime/pipeline/brief.h"

#include <sstream>

#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"
#include "tests/support/catch.h"

using torchport::runtime::BriefOutput;
using torchport::runtime::columns_of;

TEST_CASE("brief: a line never takes more columns than the terminal has, whatever the letters", "[brief]") {
  const std::string shown_before = "\r\x1b[K";
  for (std::size_t width = 8; width < 40; ++width) {
    std::ostringstream out;
    {
      BriefOutput brief(out, width, "[1/9] a");
      brief.take("2026-11-29 20:58:02,000 studio.core          INFO       写真 ネコ/日本 x\n");
      const std::string drawn = out.str().substr(out.str().rfind(shown_before) + shown_before.size());
      CHECK(columns_of(drawn) <= width - 1);
      CHECK(columns_of(drawn) + 2 >= std::min(width, columns_of("[1/9] a: 写真 ネコ/日本 x")));  // but for half a letter it is full
    }
  }
}
