#include "runtime/launch/processing_units.h"

#include <sched.h>
#include <unistd.h>

namespace torchport::runtime {

int processing_units() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) == 0) return std::max(1, CPU_COUNT(&mine));
  return static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));  // a machine with more CPUs than the set has bits
}

}  // namespace torchport::runtime
