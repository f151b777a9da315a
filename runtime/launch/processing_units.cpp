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

std::string processing_unit_list() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  std::string list;
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return list;
  for (int unit = 0; unit < CPU_SETSIZE; ++unit) {
    if (!CPU_ISSET(unit, &mine)) continue;
    const int first = unit;
    while (unit + 1 < CPU_SETSIZE && CPU_ISSET(unit + 1, &mine)) ++unit;
    list += (list.empty() ? "" : ",") + std::to_string(first) + (unit > first ? "-" + std::to_string(unit) : "");
  }
  return list;
}

}  // namespace torchport::runtime
