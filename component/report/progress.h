// What is under way in a run that goes on: since when, and of a training how far it has come. Used by the report of a run, and told
// every second to a page that is served.
#pragma once
#include <nlohmann/json.hpp>

#include "component/report/page.h"
#include "component/report/report_facts.h"

namespace torchport::component {

/// How long a run of the page has been running, in seconds; nothing of one that does not run.
std::optional<double> running_seconds(const ReportFacts& facts, const RunFacts& run);

/// A line for each run that runs.
void add_progress(Page& page, const ReportFacts& facts);

/// The same as a list of {"name", "time", "said", "share"}, for live.js: `share` of the whole training, null where it is not known.
nlohmann::json progress_list(const ReportFacts& facts, const runtime::Language& say);

}  // namespace torchport::component
