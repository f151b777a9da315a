// A pipeline's graph, in the colours of its steps' states, and a table of the steps with links to what each left.
// Called by the report of a run.
#pragma once
#include "component/report/page.h"
#include "component/report/report_facts.h"

namespace torchport::component {

/// `target`: the page to be written; files of Graphviz's lie beside it for a moment. \pre facts.is_pipeline()
void add_pipeline(Page& page, const ReportFacts& facts, const std::filesystem::path& target);

}  // namespace torchport::component
