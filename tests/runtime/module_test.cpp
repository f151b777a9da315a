#include "runtime/module.h"

#include "runtime/error/error.h"
#include "tests/support/catch.h"

using namespace torchport;

namespace {

const std::filesystem::path kPath = std::filesystem::read_symlink("/proc/self/exe").replace_filename("torchport-test-module.so");

std::string refusal(const runtime::Module& module, const char* function) {
  try {
    runtime::load_function(module, function);
  } catch (const runtime::Error& error) {
    return error.render("score");
  }
  return "not refused";
}

}  // namespace

TEST_CASE("module: a function of a module that lies beside the program", "[module]") {
  auto* const answer =
      reinterpret_cast<int (*)()>(runtime::load_function({"torchport-test-module", "answers", 7}, "torchport_test_answer"));
  CHECK(answer() == 42);
}

TEST_CASE("module: another version of the interface is refused, with both numbers", "[module]") {
  CHECK(refusal({"torchport-test-module", "answers", 8}, "torchport_test_answer") ==
        "error[FailedToCompleteOperationError] score: '" + kPath.string() +
            "', which answers, has version 7 of its interface, but this program needs version 8\n"
            "  hint   Programs and modules that lie together must be of one build.\n");
}

TEST_CASE("module: one that is not there, or lacks the function, is refused with the reason", "[module]") {
  CHECK_THAT(refusal({"torchport-test-module", "answers", 7}, "torchport_no_answer"),
             Catch::Matchers::StartsWith("error[FailedToCompleteOperationError] score: '" + kPath.string() +
                                         "', which answers, could not be loaded: ") &&
                 Catch::Matchers::Contains("undefined symbol: torchport_no_answer"));
  CHECK_THAT(refusal({"torchport-no-module", "answers", 7}, "f"), Catch::Matchers::Contains("torchport-no-module.so: cannot open"));
}
