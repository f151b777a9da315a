#include "component/estimate/estimate.h"

#include <chrono>

#include "component/estimate/step_method.h"
#include "runtime/clock.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using runtime::PlannedStep;

constexpr std::size_t kFewest = 96, kMost = 1024;  ///< images of a trial

std::unique_ptr<StepMethod> method_of(const runtime::Step& step) {
  const auto own = estimates().find(step.component->function);
  return own != estimates().end() ? own->second(step) : std::make_unique<StepMethod>(step);
}

StepEstimate reused(const PlannedStep& planned, const fs::path& runs, Workbench& bench) {
  const runtime::Step& step = *planned.step;
  StepEstimate row{step.name, step.component->name, true, {}, 0, 0, 0, "reused from " + planned.made_by};
  for (const runtime::PortSpec* const port : step.outputs) {
    const TrialPort& made = bench.output(step, port->name) =
        bench.outside(port->type, runs / runtime::text_of(planned.outputs.at(port->name), "path"));
    if (made.images) row.images = row.images.value_or(0) + *made.images;
  }
  return row;
}

StepEstimate tried(StepMethod& method, const runtime::Step& step, Workbench& bench) {
  for (const runtime::StepInput& given : step.inputs)
    if (bench.input(given).path.empty()) return method.untried(bench);
  return method.estimate(bench);
}

double free_bytes(fs::path place) {
  std::error_code ignored;
  place = fs::absolute(place);
  while (!fs::exists(place, ignored)) place = place.parent_path();
  return static_cast<double>(fs::space(place, ignored).available);
}

}  // namespace

PipelineEstimate estimate_pipeline(const runtime::Host& host, const runtime::CheckedPlan& checked, std::int64_t limit) {
  const auto begin = Clock::now();
  std::vector<std::unique_ptr<StepMethod>> methods;
  std::size_t images = kFewest;
  for (const PlannedStep& planned : checked.plan.steps) {
    methods.push_back(method_of(*planned.step));
    if (!planned.reused) images = std::max(images, methods.back()->images_wanted());
  }
  Workbench bench(host, std::min(images, kMost), limit);
  PipelineEstimate all;
  all.pipeline = checked.pipeline.name;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const PlannedStep& planned = checked.plan.steps[i];
    all.steps.push_back(planned.reused ? reused(planned, checked.runs, bench) : tried(*methods[i], *planned.step, bench));
  }
  all.free_disk = free_bytes(checked.runs);
  all.trial_seconds = runtime::seconds_since(begin);
  return all;
}

}  // namespace torchport::component
