// The curves of a training, under the names that the reference page has for them, where each rank's time went, and its first batch.
// Called by the report of a run.
#pragma once
#include "component/report/page.h"
#include "component/report/run_facts.h"

namespace torchport::component {

/// Whether the run has what the section shows: an epoch or a first batch at least.
bool has_training(const RunFacts& run);

/// \pre has_training(run)
void add_training(Page& page, const RunFacts& run);

}  // namespace torchport::component
