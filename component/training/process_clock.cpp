#include "component/training/process_clock.h"

#include <unistd.h>

#include <ctime>
#include <sstream>

#include "runtime/files/files.h"

namespace torchport::component {

double seconds_since_process_start() {
  // Field 22 of /proc/self/stat (proc(5)), in clock ticks since boot; the name in field 2 may hold spaces, so count from its end.
  const std::string stat = runtime::read_head("/proc/self/stat", 4096);
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace torchport::component
