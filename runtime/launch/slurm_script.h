// What a run asks of Slurm: sbatch's command line and the script that it takes. Used by the engine slurm.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/launch/compute.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// Files of a job in its run folder: the script, what its ranks say on standard output and on standard error.
inline constexpr const char *kJobScript = "job.sh", *kJobOutput = "logs/job_output", *kJobErrors = "logs/job_errors";

/// What the script says on standard error where a job that was put into the queue again begins: the ends of tasks before it are
/// those of an attempt before.
inline constexpr const char* kRestarted = "torchport: restart ";

/// sbatch with all that the compute says, and the script. It prints the job's number.
std::vector<std::string> sbatch_command(const Request& request, const Compute& compute, const std::filesystem::path& run_dir);

/// A bash script that starts `worker` once for each rank, and puts the job into the queue again where it was stopped with a
/// checkpoint and the compute says so. `submitted` is sbatch's command, which it quotes.
std::string job_script(const Request& request, const Compute& compute, const std::vector<std::string>& worker,
                       const std::filesystem::path& run_dir, const std::vector<std::string>& submitted);

}  // namespace torchport::runtime
