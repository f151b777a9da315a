// The commands of torchport that know pipelines: run and validate of a file, graph, and runs. Called by runtime/cli.cpp.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli.h"

namespace torchport::runtime {

/// `words` follow the command; `worker_arguments` go to every worker. Each returns the exit status. \throws Error, Errors
int run_pipeline_command(const CommandLine& cli, const std::vector<std::string>& words,
                         const std::vector<std::string>& worker_arguments);
int validate_pipeline_command(const CommandLine& cli, const std::vector<std::string>& words);
int graph_command(const std::vector<std::string>& words);
int runs_command(const CommandLine& cli, const std::vector<std::string>& words);

}  // namespace torchport::runtime
