// What --precision means on CPUs that are fast at bfloat16 and on those that are not.
#include "component/training/precision.h"

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using component::Precision;

namespace {

constexpr std::string_view kSlow = "it has no instructions for bfloat16 (AVX512-BF16 or AMX)";

struct Decision {
  Precision precision;
  std::string log;  ///< without times
};

Decision decide(const std::string& choice, std::string_view why_slow) {
  const test::TemporaryFolder folder;
  Decision decision;
  {
    runtime::WorldOfOne world;
    runtime::Log log({.file = folder / "log", .console = false});
    decision.precision = component::decide_precision(choice, "CPU", why_slow, world, log);
  }
  std::istringstream lines(runtime::read_file(folder / "log", 1 << 30));
  for (std::string line; std::getline(lines, line);)
    decision.log += line.substr(std::string("2026-01-01 00:00:00,000 ").size()) + "\n";
  return decision;
}

}  // namespace

TEST_CASE("precision: auto is float32 where bfloat16 is slow", "[precision]") {
  const Decision slow = decide("auto", kSlow), fast = decide("auto", "");
  CHECK(slow.precision == Precision::float32);
  CHECK_THAT(slow.log, Catch::Matchers::EndsWith("Precision: float32, chosen by what the CPUs can do.\n"));
  CHECK(slow.log.find("WARNING") == std::string::npos);
  CHECK(fast.precision == Precision::bfloat16);
  CHECK_THAT(fast.log, Catch::Matchers::EndsWith("Precision: bfloat16, chosen by what the CPUs can do.\n"));
}

TEST_CASE("precision: bfloat16 is obeyed where it is slow, with a warning that says why", "[precision]") {
  const Decision slow = decide("bfloat16", kSlow), fast = decide("bfloat16", "");
  CHECK(slow.precision == Precision::bfloat16);
  CHECK_THAT(slow.log, Catch::Matchers::Contains("WARNING"));
  CHECK_THAT(slow.log, Catch::Matchers::Contains("bfloat16 is slower than float32 on this CPU: " + std::string(kSlow) + ".\n"));
  CHECK(fast.precision == Precision::bfloat16);
  CHECK(fast.log.find("WARNING") == std::string::npos);
  CHECK(decide("float32", "").precision == Precision::float32);
}
