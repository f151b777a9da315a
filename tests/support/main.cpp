// A test program. tests/CMakeLists.txt says where this build's programs and sources are; the environment may say otherwise.
#define CATCH_CONFIG_RUNNER
#include <cstdlib>
#include <iostream>

#include "tests/support/catch.h"

namespace {
bool any_skipped = false;
}  // namespace

void torchport::test::skip(const char* why) {
  std::cout << "SKIPPED: " << why << std::endl;
  any_skipped = true;
}

int main(int argc, char** argv) {
  setenv("TORCHPORT_BIN", TORCHPORT_BIN, 0);
  setenv("TORCHPORT_SOURCE", TORCHPORT_SOURCE, 0);
  const int failed = Catch::Session().run(argc, argv);
  return failed != 0 ? failed : any_skipped ? 77 : 0;
}
