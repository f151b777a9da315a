// torchport estimate
#include "component/estimate/estimate.h"

#include <ostream>

#include "component/check.h"
#include "component/estimate/report.h"
#include "runtime/cli/call.h"

namespace torchport::component {

int estimate(runtime::Call& call) {
  call.names_pipeline();
  const runtime::Arguments given = call.arguments();
  const runtime::CheckedPlan checked = checked_plan(call.host, given, check_request);
  const PipelineEstimate found = estimate_pipeline(call.host, checked, given.get<std::int64_t>("seconds"));
  call.host.out << (given.get<bool>("json") ? estimate_json(found) : estimate_text(found));
  return 0;
}

}  // namespace torchport::component
