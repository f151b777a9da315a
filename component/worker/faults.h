// What an exception of a component means to the user: runtime::current_errors, which knows nothing of LibTorch's.
// Called wherever the worker catches.
#pragma once
#include <vector>

#include "runtime/error/error.h"

namespace torchport::component {

/// Within a catch block: the errors of the exception that is being handled. There is at least one.
std::vector<runtime::Error> current_errors();

}  // namespace torchport::component
