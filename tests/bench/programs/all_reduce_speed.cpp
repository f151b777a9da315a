// How long an all-reduce of float32 takes on the trainer's own collective. Run by tests/bench/allreduce.py:
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
double call(runtime::Collective& world, std::vector<float>& data) {
  return bench::seconds_of(
      [&] { world.all_reduce(data.data(), data.size(), runtime::DataType::float32, runtime::Reduction::sum); });
}

/// As many calls as `seconds` hold, the same number on all ranks: that of the slowest call of the warm-up.
int calls(runtime::Collective& world, std::vector<float>& data, double seconds) {
  double longest = 0;
  for (int i = 0; i < kWarmUp; ++i) longest = call(world, data);
  world.all_reduce(&longest, 1, runtime::DataType::float64, runtime::Reduction::max);
  return std::clamp(static_cast<int>(seconds / longest), kLeast, 100'000);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  component::MpiCollective world(/*expected_size=*/0);
  for (int i = 2; i < argc; ++i) {
    std::vector<float> data(std::stoull(argv[i]) / sizeof(float), 0.0F);
    const int count = calls(world, data, std::stod(argv[1]));
    std::vector<double> seconds(static_cast<std::size_t>(count));
    world.barrier();
    for (double& one : seconds) one = call(world, data);
    if (world.rank() == 0) std::printf("%s %d %.2f\n", argv[i], count, 1e6 * bench::median(seconds));
    std::fflush(stdout);
  }
}
