// One step of a job as a step of the draft, by the flags of its command. Called by draft_steps(), which is here too.
#pragma once
#include "runtime/azure/wiring.h"

namespace torchport::runtime::azure {

/// A value of a parameter, checked, as YAML has it; what is to be said of it goes into the draft, faults to those of the step's
/// file.
void add_parameter(DraftStep& made, const ParameterSpec& parameter, const Bound& value, const JobStep& step, Draft& draft);

/// Ports and parameters by the flags of the step's command.
void follow_command(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft);

}  // namespace torchport::runtime::azure
