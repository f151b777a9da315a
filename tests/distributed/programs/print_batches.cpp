// Prints which images each rank trains on: one line "epoch step rank: i i i ..." each.
// usage: print_batches ROWS BATCH_SIZE WORLD SEED EPOCHS
#include <cstdio>
#include <cstdlib>

#include "datasets/sampler.h"

using namespace torchport::datasets;

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const auto rows = std::strtoull(argv[1], nullptr, 10), batch = std::strtoull(argv[2], nullptr, 10);
  const int world = std::atoi(argv[3]);
  for (std::int64_t epoch = 0; epoch < std::atoll(argv[5]); ++epoch) {
    const auto order = permutation(rows, std::atoll(argv[4]), epoch);
    for (int rank = 0; rank < world; ++rank) {
      const BatchPlan plan(rows, batch, rank, world);
      for (std::size_t step = 0; step < plan.steps(); ++step) {
        const auto slice = plan.slice(step);
        std::printf("%lld %zu %d:", static_cast<long long>(epoch), step, rank);
        for (std::size_t i = slice.begin; i < slice.end; ++i) std::printf(" %u", order[i]);
        std::printf("\n");
      }
    }
  }
  return 0;
}
