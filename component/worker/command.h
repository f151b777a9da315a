// A command of `torchport` that goes on in the worker (runtime/cli/worker_command.h): the streams, the threads and the errors
// around component/worker_commands/<name>.cpp. Called by component/worker/main.cpp.
#pragma once
#include <string>
#include <vector>

namespace torchport::component {

/// Whether the worker has a command of this name.
bool is_worker_command(const std::string& name);

/// Runs it, with `words` after its name, and returns the exit status; all faults are reported here.
int run_worker_command(const std::string& name, const std::vector<std::string>& words);

}  // namespace torchport::component
