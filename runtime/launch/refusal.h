// The end of a request before any process of it ran: what is shown is left in the run folder as well, where one was asked for.
// Called by `torchport run`, by the launcher and by the worker.
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// Writes logs/70_mpi_log (the errors as they are shown, FATAL and RESULT) and module_statistics/error_info.json into a run folder
/// that prepare_run_dir made. \throws Error FailedToWriteOutputs
void record_refusal(const std::filesystem::path& run_dir, std::string_view component, const std::vector<Error>& errors);

/// Throws `problems`, of which there are some, after leaving their record, run.json too, where --run-dir was given or several
/// processes were asked for; else no folder is made. Of several ranks of a foreign launcher the first leaves it. \throws Error,
/// Errors
[[noreturn]] void refuse(const Request& request, Problems problems);

}  // namespace torchport::runtime
