// From the arguments of a command to a pipeline that can run and a plan for it. Called by the commands on pipelines.
#pragma once
#include <functional>

#include "runtime/cli/arguments.h"
#include "runtime/cli/host.h"
#include "runtime/pipeline/pipeline_file.h"
#include "runtime/pipeline/plan.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// component/check.h: checks what is there of a request; ports without a path are left out.
using RequestCheck = std::function<void(Request&, Problems&)>;

/// The settings of --set; faults go into `problems`.
std::vector<Setting> settings_of(const Arguments& given, Problems& problems);

/// The pipeline that the operand names, with --set, --replace and --as-original, checked by itself; faults go into `problems`. The
/// machines of a job of Azure ML are processes of this one where --set names no compute and no number of nodes.
Pipeline pipeline_of(const Arguments& given, Problems& problems);
/// The same with the machines as the file has them, for other systems.
Pipeline pipeline_as_written(const Arguments& given, Problems& problems);

/// Tells what is to be said of a pipeline that can run all the same.
void say_notes(const Host& host, const Pipeline& pipeline);

/// Reads the pipeline that a command is about: pipeline_of, or one of its own.
using PipelineSource = std::function<Pipeline(const Arguments&, Problems&)>;

/// The pipeline, checked with the files that exist already. \throws Error, Errors
Pipeline checked_pipeline(const Arguments& given, const RequestCheck& check, const PipelineSource& source = pipeline_of);

/// A pipeline that can run, and what a run would do. The plan points into the pipeline.
struct CheckedPlan {
  std::filesystem::path runs;  ///< the folder of the runs
  Pipeline pipeline;
  Plan plan;
};

/// All checks of `torchport run --dry-run`, with --set, --force, --runs and --allow-run-as-root. \throws Error, Errors
CheckedPlan checked_plan(const Host& host, const Arguments& given, const RequestCheck& check,
                         const PipelineSource& source = pipeline_of);

/// The same checks for a pipeline that is not to run now: what it reads is looked at for reuse only where there are earlier runs.
Pipeline checked_as_run(const Host& host, const Arguments& given, const RequestCheck& check);

}  // namespace torchport::runtime
