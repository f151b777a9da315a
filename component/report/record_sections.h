// The parts of a report that are a run's record: its logs, its parameters with where each came from, and its provenance.
// Called by the report of a run.
#pragma once
#include "component/report/page.h"
#include "component/report/report_facts.h"

namespace torchport::component {

/// Of every process of every run, that of the failing one first.
void add_logs(Page& page, const ReportFacts& facts);

void add_parameters(Page& page, const ReportFacts& facts);

/// Versions, inputs with their hashes, and the command that runs the same again.
void add_provenance(Page& page, const ReportFacts& facts);

}  // namespace torchport::component
