// The commands of `torchport`: component/commands/<name>.cpp defines `int <name>(runtime::Call&)`, spec/commands/<name>.yaml
// declares its operands and options. Called by the program `torchport`.
#pragma once
#include "runtime/cli/call.h"

namespace torchport::component {

/// The generated table of component/commands/.
const runtime::Commands& commands();

/// The same for component/worker_commands/: what commands of these names do in the worker, where they need a network.
const runtime::Commands& worker_commands();

}  // namespace torchport::component
