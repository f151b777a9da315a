// The steps of a pipeline as lines of a Bash script. Called by the contracts that are, or hold, one.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "component/contract/contract.h"

namespace torchport::component {

/// How many processes a step has.
struct Processes {
  std::int64_t nodes = 1, each = 1;
  std::int64_t all() const { return nodes * each; }
};
Processes processes_of(const runtime::Step& step);

/// What the step with the most of each needs.
Processes most_processes(const runtime::Pipeline& pipeline);

/// Lines that run the steps one after the other; one whose output lies in the folder $out already is passed over, so that the
/// script may be started again. `start` gives the words before the program of a step. Relative paths are those of the current
/// folder.
std::vector<std::string> step_lines(Contract& contract, const std::function<std::string(const Processes&)>& start);

}  // namespace torchport::component
