// Trains at once and in parts, on all ranks, and compares the bits. Driven by resume_test.py; usage, under mpirun: resume_cases
// CASE
#include <cstdio>
#include <string>

#include "component/collectives/mpi.h"
#include "runtime/launch/launched_as.h"
#include "tests/support/small_training.h"

using namespace torchport;

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  at::set_num_threads(1);
  const auto world = component::join_world(runtime::launched_as(), {.call = 120});
  test::SmallTraining training(*world);
  training.options = name == "rich" ? test::rich_options() : name == "stopping" ? test::stopping_options() : test::plain_options();
  training.options.batch_size /= 2;
  const auto whole = training.at_once(), cut = training.in_parts();
  std::printf("%s\n", (std::string("rank ") + std::to_string(world->rank()) + " of " + std::to_string(world->size()) + ": " +
                       std::to_string(cut.parts) + " parts, " + (whole.result.stopped_early ? "stopped early, " : "") +
                       (cut == whole ? "the same bits" : "other bits"))
                          .c_str());
  return cut == whole ? 0 : 1;
}
