// The command line of `torchport`: list, describe, run, validate, check-data, graph, runs, reference. Called by
// component/cli_main.cpp and by tests.
#pragma once
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "runtime/request/request.h"

namespace torchport::runtime {

/// What the command line needs from the layers above it.
struct CommandLine {
  /// component/check.h: checks what is there of a request.
  std::function<void(Request&, Problems&)> check;
  /// This program, which runs the steps of a pipeline.
  std::filesystem::path program;
  /// The program that runs a component on one rank; it lies beside this one.
  std::filesystem::path worker;
  std::ostream& out;
  std::ostream& err;
};

/// Runs one command (the arguments without the program's name) and returns the exit status. A `run` in one process, or under a
/// launcher, replaces this process and does not return.
int run_command(const CommandLine& cli, const std::vector<std::string>& arguments);

}  // namespace torchport::runtime
