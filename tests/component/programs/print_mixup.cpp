// Prints the share of each batch under mixup, one a line with all its digits: "epoch step share".
// usage: print_mixup ALPHA SEED EPOCHS STEPS
#include <cstdio>
#include <cstdlib>

#include "component/training/recipe/mixup.h"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  for (std::int64_t epoch = 0; epoch < std::atoll(argv[3]); ++epoch) {
    for (std::int64_t step = 0; step < std::atoll(argv[4]); ++step) {
      const double share = torchport::component::mixup_share(std::atof(argv[1]), std::atoll(argv[2]), epoch, step);
      std::printf("%lld %lld %.17g\n", static_cast<long long>(epoch), static_cast<long long>(step), share);
    }
  }
  return 0;
}
