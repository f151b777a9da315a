// Machines and processes of a step of a job. Called for each.
#pragma once
#include "runtime/azure/job_step.h"

namespace torchport::runtime::azure {

/// Those of a component that may have several become processes of this machine.
void add_run_settings(DraftStep& made, const JobStep& step, Draft& draft);

}  // namespace torchport::runtime::azure
