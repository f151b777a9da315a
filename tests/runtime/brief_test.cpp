// The line that a terminal shows of a step that is under way.
#include "runtime/pipeline/brief.h"

#include <sstream>

#include "runtime/report/log_line.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"
#include "tests/support/catch.h"

using torchport::runtime::BriefOutput;
using torchport::runtime::columns_of;

namespace {

constexpr const char* kClear = "\r\x1b[K";

/// What is written for a step's output that comes in pieces of `size` bytes.
std::string shown(std::size_t width, const std::string& output, std::size_t size, const std::string& end) {
  std::ostringstream out;
  BriefOutput brief(out, width, "[1/2] train: Train PyTorch Model");
  for (std::size_t at = 0; at < output.size(); at += size) brief.take(output.substr(at, size));
  brief.finish(end);
  return out.str();
}

}  // namespace

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

TEST_CASE("brief: a step's bar is shown with the step's name, whatever the pieces", "[brief]") {
  const std::string c = kClear;
  const std::string output = c + "epoch 1/2 5/10" + c + torchport::runtime::log_line_head("2026-11-30 10:00:00,000", "WARNING") +
                             "slow\n" + "epoch 1/2 5/10" + c + "epoch 1/2 6/10";
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, output.size()}) {
    const std::string text = shown(80, output, size, "[1/2] train: done");
    CHECK(text.find(c + "[1/2] train: epoch 1/2 6/10") != text.npos);
    CHECK(text.find("epoch 1/2 6/10\n") == text.npos);  // a bar is no line to keep
    CHECK(text.substr(text.rfind('\r')) == c + "[1/2] train: done\n  warning: slow\n");
  }
}

TEST_CASE("brief: a bar is cut to the terminal, and shown on none", "[brief]") {
  const std::string text = shown(30, std::string(kClear) + "epoch 1/2 [####] 5/10", 100, "");
  CHECK(text.substr(text.rfind('\r')) == std::string(kClear) + "[1/2] train: epoch 1/2 [####]");
  CHECK(shown(0, std::string(kClear) + "epoch 1/2" + kClear, 100, "done") == "done\n");
}
