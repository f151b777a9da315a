// Where two runs differ: values, inputs, versions and what came of them. Shown by `torchport runs diff`.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "component/report/report_facts.h"

namespace torchport::component {

/// What, in the one run, in the other; "-" where that has no such thing.
using Difference = std::array<std::string, 3>;

/// In the order of the steps; what both have alike is left out. Paths of outputs, run folders and logs do not count.
std::vector<Difference> differences(const ReportFacts& a, const ReportFacts& b);

}  // namespace torchport::component
