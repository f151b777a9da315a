#include "runtime/pipeline/checked_plan.h"

#include <ostream>

#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/run_dir.h"
#include "runtime/request/check_ports.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// A step's component and values, without inputs and outputs.
Request request_of(const Step& step) {
  Request request;
  request.component = step.component;
  for (const StepValue& value : step.parameters) request.parameters[value.spec->name] = {value.value, value.origin};
  for (const StepValue& value : step.run_settings) request.run_settings[value.spec->name] = {value.value, value.origin};
  return request;
}

/// Checks a step with those of its inputs that exist already: their types, and the component's own rules.
void check_step(const Step& step, const std::map<std::string, fs::path>& inputs, const RequestCheck& check, Problems& problems) {
  Request request = request_of(step);
  for (const StepInput& input : step.inputs) {
    const auto known = inputs.find(input.port->name);
    if (known == inputs.end()) continue;
    Request one;
    one.component = step.component;
    one.inputs[known->first] = known->second;
    Problems mine;
    check_ports(one, mine);
    for (const Error& error : mine.all()) problems.add(error.at(input.place));
    if (mine.empty()) request.inputs[known->first] = known->second;
  }
  Problems mine;
  check(request, mine);
  for (const Error& error : mine.all()) problems.add(error.at(step.place));
}

/// What the engine of its compute refuses.
void check_launch(const Step& step, Problems& problems) {
  Problems refused;
  refused.collect([&] { launch_refusals(request_of(step)).throw_if_any(); });
  for (const Error& error : refused.all()) problems.add(error.at(step.place));
}

/// Tells the steps where computes are declared.
void set_computes(Pipeline& pipeline, const std::string& file) {
  const std::string path = fs::absolute(file).lexically_normal().string();
  for (Step& step : pipeline.steps)
    step.run_settings.push_back({&Specs::get().run_setting("computes"), path, path, "command line"});
}

/// Gives the steps the leave that their file cannot give them.
void allow_run_as_root(Pipeline& pipeline) {
  for (Step& step : pipeline.steps)
    for (StepValue& value : step.run_settings)
      if (value.spec->name == "allow_run_as_root") value = {value.spec, true, "True", "command line"};
}

/// What a run would find out too late: rules across inputs, some of which are outputs of earlier runs, and what mpirun refuses.
void check_plan(const Plan& plan, const fs::path& runs, const RequestCheck& check) {
  std::map<std::string, fs::path> outputs;
  Problems problems;
  for (const PlannedStep& planned : plan.steps) {
    std::map<std::string, fs::path> inputs;
    bool any_reused = false;
    for (const StepInput& input : planned.step->inputs) {
      const auto made = outputs.find(input.step + "." + input.output);
      any_reused = any_reused || made != outputs.end();
      if (!input.is_wire() || made != outputs.end()) inputs[input.port->name] = input.is_wire() ? made->second : input.path;
    }
    if (!planned.reused) {
      if (any_reused) check_step(*planned.step, inputs, check, problems);
      check_launch(*planned.step, problems);
    }
    for (const auto& [port, output] : planned.outputs.items())
      outputs[planned.step->name + "." + port] = runs / text_of(output, "path");
  }
  problems.throw_if_any();
}

Pipeline read_given(const Arguments& given, Problems& problems, bool here) {
  azure::ImportOptions options =
      azure::import_options(given.all("replace"), given.has("as_original") && given.get<bool>("as_original"), problems);
  const std::vector<Setting> settings = settings_of(given, problems);
  options.one_machine = here && std::none_of(settings.begin(), settings.end(),
                                             [](const Setting& one) { return one.name == "compute" || one.name == "node_count"; });
  return read_pipeline(given.operands.front(), settings, problems, options);
}

}  // namespace

std::vector<Setting> settings_of(const Arguments& given, Problems& problems) {
  std::vector<Setting> settings;
  for (const std::string& text : given.all("set")) problems.collect([&] { settings.push_back(parse_setting(text)); });
  return settings;
}

Pipeline pipeline_of(const Arguments& given, Problems& problems) { return read_given(given, problems, true); }

Pipeline pipeline_as_written(const Arguments& given, Problems& problems) { return read_given(given, problems, false); }

void say_notes(const Host& host, const Pipeline& pipeline) {
  for (const PipelineNote& note : pipeline.notes) host.err << "note: " << visible(note.place + ": " + note.text) << "\n";
  host.err << std::flush;
}

Pipeline checked_pipeline(const Arguments& given, const RequestCheck& check, const PipelineSource& source) {
  Problems problems;
  Pipeline pipeline = source(given, problems);
  if (given.options.contains("allow_run_as_root") && given.get<bool>("allow_run_as_root")) allow_run_as_root(pipeline);
  if (given.options.contains("computes")) set_computes(pipeline, given.get<std::string>("computes"));
  for (const Step& step : pipeline.steps) {
    if (!step.component) continue;
    std::map<std::string, fs::path> inputs;
    for (const StepInput& input : step.inputs)
      if (!input.is_wire()) inputs[input.port->name] = input.path;
    check_step(step, inputs, check, problems);
  }
  problems.throw_if_any();
  return pipeline;
}

CheckedPlan checked_plan(const Host& host, const Arguments& given, const RequestCheck& check, const PipelineSource& source) {
  if (launched_as()) throw Error("FailedToCompleteOperation.launched_pipeline");
  check_run_dir(given.get<std::string>("runs"));
  CheckedPlan checked{given.get<std::string>("runs"), checked_pipeline(given, check, source), {}};
  say_notes(host, checked.pipeline);
  checked.plan = make_plan(checked.pipeline, History(checked.runs), host.worker, given.all("force"));
  check_plan(checked.plan, checked.runs, check);
  return checked;
}

Pipeline checked_as_run(const Host& host, const Arguments& given, const RequestCheck& check) {
  const fs::path runs = given.get<std::string>("runs");
  if (launched_as() || !History(runs).runs().empty()) return checked_plan(host, given, check).pipeline;
  check_run_dir(runs);
  Pipeline pipeline = checked_pipeline(given, check);
  say_notes(host, pipeline);
  Problems problems;
  for (const Step& step : pipeline.steps) check_launch(step, problems);
  problems.throw_if_any();
  return pipeline;
}

}  // namespace torchport::runtime
