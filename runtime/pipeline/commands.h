// The commands of torchport that know pipelines: run and validate of a file, graph, and runs. Called by runtime/cli/cli.cpp.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/cli.h"
#include "runtime/cli/options.h"
#include "runtime/pipeline/plan.h"

namespace torchport::runtime {

/// `words` follow the command; `worker_arguments` go to every worker. Each returns the exit status. \throws Error, Errors
int run_pipeline_command(const CommandLine& cli, const std::vector<std::string>& words,
                         const std::vector<std::string>& worker_arguments);
int validate_pipeline_command(const CommandLine& cli, const std::vector<std::string>& words);
/// The options that `run` and `estimate` share.
inline const std::vector<std::string> kPlanOptions = {"--set", "--force", "--runs"};

/// A pipeline that can run, and what a run would do. The plan points into the pipeline.
struct CheckedPlan {
  std::filesystem::path runs;  ///< the folder of the runs
  Pipeline pipeline;
  Plan plan;
};
/// All checks of `torchport run --dry-run`. \throws Error, Errors
CheckedPlan checked_plan(const CommandLine& cli, const Options& options, const std::string& command);

/// Rows in columns, with two spaces between them.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

int graph_command(const std::vector<std::string>& words);
int runs_command(const CommandLine& cli, const std::vector<std::string>& words);

}  // namespace torchport::runtime
