// Reads a pipeline job of Azure ML's CLI v2. Called by the import.
#pragma once
#include "runtime/azure/import.h"
#include "runtime/azure/job_step.h"

namespace torchport::runtime::azure {

/// Its steps, those of pipelines within it too, as far as they can be told without following wires.
struct Job {
  std::vector<JobStep> steps;
  std::map<std::string, Bound> outputs;         ///< "inner.model": what an output of a pipeline within it is
  std::map<std::string, AzureComponent> files;  ///< that are read already, by path
  std::size_t depth = 0;                        ///< of the pipeline that is read
  std::size_t count = 0;                        ///< of jobs that were seen
  bool too_deep = false;                        ///< which is said once
};

void read_job(const YAML::Node& root, std::shared_ptr<FileFaults> faults, const ImportOptions& options, Draft& draft);

/// Reads the steps of `jobs:` into `job`. `inner` are the names of the pipelines around them.
void read_steps(const YAML::Node& jobs, const std::shared_ptr<FileFaults>& faults, const std::shared_ptr<const Scope>& scope,
                const ImportOptions& options, Job& job, Draft& draft);

/// Makes the steps of the draft of those of the job.
void draft_steps(Job& job, const ImportOptions& options, Draft& draft);

}  // namespace torchport::runtime::azure
