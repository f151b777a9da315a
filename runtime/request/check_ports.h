// Whether the paths of a request fit the ports that they are given for. Called before a component runs, by `torchport validate` and
// by pipelines.
#pragma once
#include "runtime/error/error.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// Checks each input port's directory type and each output port's place; writes nothing. An input at fault is taken out of the
/// request, so that later checks see only what is whole. Ports without a path are left out.
void check_ports(Request& request, Problems& problems);

}  // namespace torchport::runtime
