// What a training's first batch looked like to the network. Called by the section of a training.
#pragma once
#include "component/report/page.h"
#include "component/report/run_facts.h"

namespace torchport::component {

/// Whether the run came so far, by its record: a file that lies there may be of another one.
bool has_first_batch(const RunFacts& run);

/// \pre has_first_batch(run)
void add_first_batch(Page& page, const RunFacts& run);

}  // namespace torchport::component
