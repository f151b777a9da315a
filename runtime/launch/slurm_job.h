// A job of Slurm, from its submission to its end: what it says is handed on as it comes, and its states are told. Needs no
// accounting (slurmdbd). Used by the engine slurm.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/launch/process.h"

namespace torchport::runtime {

/// A job as `scontrol show job -o` prints it.
struct JobState {
  std::string state;   ///< PENDING, RUNNING, COMPLETED, ...
  std::string reason;  ///< why it waits, or ""
  std::string nodes;   ///< "n[1-2]", or ""
  int exit_status = 0, signal = 0, restarts = 0;
  /// Whether nothing more will happen to it.
  bool ended() const;
};

/// Reads such a line; the state is empty where it is none.
JobState read_job_state(const std::string& line);

/// "Slurm job 5: RUNNING on n[1-2]", the line that tells a state.
std::string job_line(const std::string& job, const std::string& state);

/// Submits by `sbatch` (a command that prints the job's number), follows the job, and cancels it where SIGINT, SIGTERM or SIGHUP
/// come. What it writes to run_dir's job_output goes to standard output, its job_errors and its states to `on_text`; job.json has
/// its number.
ChildEnd run_job(const std::vector<std::string>& sbatch, const std::filesystem::path& run_dir,
                 const std::function<void(std::string_view)>& on_text);

}  // namespace torchport::runtime
