// How a run reports its end to programs: module_statistics/error_info.json, as the designer reads it (docs/contract.md, "Errors").
// Written by component/worker/run.cpp.
#pragma once
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// The text of error_info.json; no errors: `{"Exception": null}`. All with indents of two spaces.
std::string error_info(const std::vector<Error>& errors);

}  // namespace torchport::runtime
