// The machines of a compute: its hosts, or those of its host file. Asked by the engine mpirun.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/launch/compute.h"

namespace torchport::runtime {

struct HostOfCompute {
  std::string name;
  std::optional<std::int64_t> slots;  ///< that host's bound for processes
};

/// None where neither hosts nor a host file are given. \throws Error, Errors where both are, a host file cannot be read, or a name
/// or line in it is none
std::vector<HostOfCompute> hosts_of(const Compute& compute);

}  // namespace torchport::runtime
