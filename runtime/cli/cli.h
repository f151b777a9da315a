// The command line of `torchport`: finds the command, shows its help or calls its function, and turns errors into texts and an exit
// status. Called by component/cli_main.cpp, and by the worker for the commands that it runs.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/call.h"

namespace torchport::runtime {

/// Runs one command (`arguments` without the program's name) and returns the exit status. A command may replace this process, and
/// then does not return.
int run_command(Host host, const Commands& commands, const std::vector<std::string>& arguments);

/// Writes out what a command has shown. \throws Error FailedToWriteOutputs.file
void flush_output(const Host& host);

}  // namespace torchport::runtime
