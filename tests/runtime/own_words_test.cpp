#include "runtime/launch/own_words.h"

#include "tests/support/catch.h"

using torchport::runtime::OwnWords;

TEST_CASE("own words: blocks between rules and marked lines are held back, the ranks' lines pass", "[launch]") {
  const std::string rule = std::string(74, '-') + "\n";
  const std::string block = rule + "MPI_ABORT was invoked on rank 1\n" + rule;
  OwnWords words;
  CHECK(
      words.take(
          "error[X] a\n" + block +
          "  hint b\n[node-1.x:42] 1 more process has sent help message\n[42] is no mark\nmpirun: Forwarding signal 10 to job\n") ==
      "error[X] a\n  hint b\n[42] is no mark\n");
  CHECK(words.held() == block + "[node-1.x:42] 1 more process has sent help message\nmpirun: Forwarding signal 10 to job\n");
}

TEST_CASE("own words: a line counts when it is whole, however it comes", "[launch]") {
  OwnWords words;
  const std::string text = "one\n[h:1] two\nthree";
  std::string passed;
  for (const char c : text) passed += words.take({&c, 1});
  CHECK(passed == "one\n");
  CHECK(words.rest() == "three");
  CHECK(words.held() == "[h:1] two\n");
  CHECK(words.rest().empty());
  CHECK(words.take("---- a rank's own rule ----\n--\n") == "---- a rank's own rule ----\n--\n");
}
