// torchport run: a component, or the steps of a pipeline.
#include "runtime/pipeline/run.h"

#include <ostream>

#include "component/check.h"
#include "component/report/report.h"
#include "component/runs/run_summary.h"
#include "runtime/cli/call.h"
#include "runtime/cli/help.h"
#include "runtime/cli/help_language.h"
#include "runtime/cli/table_text.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/refusal.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

/// What a run came to is in its folder for who would rather look than read.
void leave_report_of(const runtime::Call& call, const std::filesystem::path& folder) {
  if (const std::string why = leave_report(folder); !why.empty()) call.host.err << "warning: " << why << "\n";
}

int run_pipeline(const runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const runtime::CheckedPlan checked = checked_plan(call.host, given, check_request);
  if (!given.get<bool>("dry_run")) {
    const bool json = given.get<bool>("json"), quiet = json || given.get<bool>("quiet");
    const runtime::PipelineEnd end =
        runtime::run_pipeline(call.host, checked, call.command_line(), quiet ? runtime::Shown::faults : runtime::Shown::everything);
    leave_report_of(call, end.folder);
    if (json) {
      call.host.out << runtime::json_text(json_of(summary_of(end.folder)));
    } else if (quiet) {
      call.host.out << runtime::visible(end.folder.string()) << "\n";
    }
    return end.status;
  }
  if (given.get<bool>("json")) {
    nlohmann::ordered_json document = nlohmann::ordered_json::array();
    for (const runtime::PlannedStep& planned : checked.plan.steps)
      document.push_back({{"step", planned.step->name},
                          {"component", planned.step->component->name},
                          {"runs", !planned.reused},
                          {planned.reused ? "reused_from" : "why", planned.reused ? planned.made_by : planned.why}});
    call.host.out << runtime::json_text(document);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const runtime::PlannedStep& planned : checked.plan.steps)
    rows.push_back({planned.step->name, planned.reused ? "reuse" : "run", planned.reused ? planned.made_by : planned.why});
  call.host.out << runtime::table_text(rows);
  return 0;
}

}  // namespace

int run(runtime::Call& call) {
  if (call.names_pipeline()) return run_pipeline(call);
  const runtime::ComponentSpec& component = call.component();
  if (call.wants_help()) {
    call.host.out << help_text(component, runtime::Specs::get(), runtime::help_language(call.words));
    return 0;
  }
  call.subject = component.name;
  runtime::Problems problems;
  runtime::Request request = parse_request(component, call.component_flags(), problems);
  // Ranks of a foreign launcher all come by here; the workers agree on one report. A single process of here checks when it runs.
  if (!runtime::launched_as() && (!problems.empty() || wants_several_processes(request) || request.has_setting("compute"))) {
    check_request(request, problems);
    problems.collect([&] { launch_refusals(request).throw_if_any(); });
    if (!problems.empty()) refuse(request, std::move(problems));
  }
  return launch(request, call.host.worker, call.host.program_arguments,
                [&](const std::filesystem::path& run_dir) { leave_report_of(call, run_dir); });
}

}  // namespace torchport::component
