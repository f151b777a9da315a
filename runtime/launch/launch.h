// Processes and run folders: which rank am I, where do my logs go, and how a run of several processes is started here.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/request/request.h"

namespace torchport::runtime {

/// Where this process stands according to its launcher's variables (Open MPI, PMIx, Slurm). Absent: nobody launched it.
struct LaunchedAs {
  int rank = 0;
  int size = 1;  ///< 0: the launcher does not say, MPI will
  int local_rank = 0, local_size = 1;
  bool bound = false;  ///< the launcher gave each process processing units of its own
  std::string job;     ///< the launcher's job id: the same on all ranks
};
std::optional<LaunchedAs> launched_as();

/// The number of processing units (CPU cores this process may use).
int processing_units();

/// Whether a request asks for more than one process on one node.
bool wants_several_processes(const Request& request);

/// What mpirun would refuse of such a request, or do other than asked, in our words.
Problems launch_refusals(const Request& request);

/// Makes `runs`/<name>-1, or that of the next number that nobody has, with mode 0750. \throws Error FailedToWriteOutputs
std::filesystem::path next_free_run_dir(const std::filesystem::path& runs, const std::string& name);

/// `--run-dir`, else $TORCHPORT_RUN_DIR, else runs/<component>-<job>, else the next free runs/<component>-<n>. Created with logs/,
/// logs and records of an earlier run renamed .1 (the youngest), .2, ... when `fresh`; one process of a run says so. The path is
/// absolute. \throws Error FailedToWriteOutputs
std::filesystem::path prepare_run_dir(const Request& request, const std::optional<LaunchedAs>& launched, bool fresh);

/// Runs `worker worker_arguments... run COMPONENT arguments...` for `request`: in place of this process for one process or under a
/// launcher; else as a child mpirun that is watched, its words and a RESULT line kept in logs/70_mpi_log. Returns the exit status.
/// \throws Error or Errors for what no rank could show: refused, not started, or lost without a word
int launch(const Request& request, const std::filesystem::path& worker, const std::vector<std::string>& worker_arguments);

/// How a failing rank ends: the FATAL line of its driver log (docs/contract.md, "Last lines"). `rank` is the one to blame.
std::string fatal_line(const std::vector<Error>& errors, int rank, const std::string& step);

}  // namespace torchport::runtime
