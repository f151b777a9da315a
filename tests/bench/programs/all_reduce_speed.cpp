// How long an all-reduce of float32 takes on the trainer's own reducer. Run by tests/bench/allreduce.py:
//   mpirun -np N all_reduce_speed SECONDS BYTES...
// For each size, rank 0 prints `bytes calls median-microseconds`; each is measured for about SECONDS, all ranks beginning together.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "component/collectives/mpi.h"
#include "tests/bench/programs/clocks.h"

using namespace torchport;

namespace {

constexpr int kWarmUp = 3, kLeast = 5;  // calls

/// Seconds of one call, of this rank.
double call(component::Reducer& reducer, const at::Tensor& data) {
  return bench::seconds_of([&] { reducer.sum(data)->wait(); });
}

/// As many calls as `seconds` hold, the same number on all ranks: that of the slowest call of the warm-up.
int calls(runtime::Control& world, component::Reducer& reducer, const at::Tensor& data, double seconds) {
  double longest = 0;
  for (int i = 0; i < kWarmUp; ++i) longest = call(reducer, data);
  return static_cast<int>(world.least(std::clamp(static_cast<int>(seconds / longest), kLeast, 100'000)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  component::MpiControl world(/*expected_size=*/0, {.call = 600});
  const auto reducer = world.reducer();
  for (int i = 2; i < argc; ++i) {
    const at::Tensor data = at::zeros({static_cast<std::int64_t>(std::stoull(argv[i]) / sizeof(float))});
    const int count = calls(world, *reducer, data, std::stod(argv[1]));
    std::vector<double> seconds(static_cast<std::size_t>(count));
    world.barrier();
    for (double& one : seconds) one = call(*reducer, data);
    if (world.rank() == 0) std::printf("%s %d %.2f\n", argv[i], count, 1e6 * bench::median(seconds));
    std::fflush(stdout);
  }
}
