// Starting the worker for a request: chooses the engine, watches what it started, and says how the run ended.
// Called by `torchport run`.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "runtime/request/request.h"

namespace torchport::runtime {

/// Whether a request asks for more than one process.
bool wants_several_processes(const Request& request);

/// What the engine of a request would refuse, or do other than asked, in our words. A value that was given wrongly is passed over.
/// \throws Error within a launcher
Problems launch_refusals(const Request& request);

/// What is done with the folder of a run that ended under our eyes, before the last word on the terminal.
using RunEndedHere = std::function<void(const std::filesystem::path& run_dir)>;

/// Runs `worker worker_arguments... run COMPONENT arguments...` for `request` by the engine that --engine names; `auto` is mpirun
/// for several processes, else local. Under a launcher of the user's each rank becomes the worker. Of an engine that starts a
/// command, its words and a RESULT line are kept in logs/70_mpi_log, and what no rank has shown is shown here. Returns the exit
/// status. \throws Error or Errors where it is refused, or the worker cannot take this process's place
int launch(const Request& request, const std::filesystem::path& worker, const std::vector<std::string>& worker_arguments,
           const RunEndedHere& ended = {});

}  // namespace torchport::runtime
