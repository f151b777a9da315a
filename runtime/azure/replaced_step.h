// A component of ours in the place of another program: what its ports and parameters get is guessed by names, and every guess is
// said. Called for the steps that --replace names.
#pragma once
#include "runtime/azure/wiring.h"

namespace torchport::runtime::azure {

/// Ports and parameters by the names of the step's inputs.
void follow_names(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft);

}  // namespace torchport::runtime::azure
