// The commands of `torchport`: component/commands/<name>.cpp defines `int <name>(runtime::Call&)`, spec/commands/<name>.yaml
// declares its operands and options. Called by the program `torchport`.
#pragma once
#include "runtime/cli/call.h"

namespace torchport::component {

/// The generated table of component/commands/.
const runtime::Commands& commands();

}  // namespace torchport::component
