// The name of this machine, for whoever says where something is: owners of locks, ranks, the watch.
#pragma once
#include <string>

namespace torchport::runtime {

/// As the system has it; "?" where it does not say.
std::string host_name();

}  // namespace torchport::runtime
