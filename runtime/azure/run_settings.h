// Machines and processes of a step of a job. Called for each.
#pragma once
#include "runtime/azure/import.h"
#include "runtime/azure/job_step.h"

namespace torchport::runtime::azure {

/// Of a component that may have several: its nodes and processes, or as many processes of one machine, as the options have it.
void add_run_settings(DraftStep& made, const JobStep& step, const ImportOptions& options, Draft& draft);

}  // namespace torchport::runtime::azure
