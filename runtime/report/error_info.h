// How a run reports its end to programs: module_statistics/error_info.json, as the designer reads it (docs/contract.md, "Errors").
// Written by component/worker/main.cpp.
#pragma once
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// The text of error_info.json; no errors: `{"Exception": null}`, in two-space indents as all of them.
std::string error_info(const std::vector<Error>& errors);

}  // namespace torchport::runtime
