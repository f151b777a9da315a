// One run of one component on one rank: the world, the logs, the component, the records, and how a failure comes out.
// Called by component/worker/main.cpp.
#pragma once
#include <string>
#include <vector>

namespace torchport::component {

/// Runs the component `name` with the flags `arguments`, as one rank of the world that a launcher made or as a world of one.
/// Returns the exit status; all faults are reported here. \throws Error ParameterParsing.unknown_component
int run_component(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace torchport::component
