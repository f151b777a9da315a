// The folders of component runs that a word of the command line means. Used by `torchport explain` and `torchport logs`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace torchport::runtime {

/// A component's run, and what it was within a pipeline's.
struct RunFolder {
  std::filesystem::path path;
  std::string step;   ///< "": it was no step of a pipeline
  std::string state;  ///< of the step, as pipeline.json says
};

/// Of a component's run its own folder; of a pipeline's those of the steps that it ran, in their order. `run` is either folder, or
/// the name of one in the folder `runs`. \throws Error ParameterParsing.no_run
std::vector<RunFolder> run_folders(const std::string& run, const std::filesystem::path& runs);

/// Whether it is a pipeline's run that goes on.
bool pipeline_runs(const std::string& run, const std::filesystem::path& runs);

}  // namespace torchport::runtime
