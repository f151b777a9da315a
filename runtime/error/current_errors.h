// What an exception means to the user: the one place that turns exceptions into errors. Called where a program or a rank ends.
#pragma once
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// Within a catch block: the errors of the exception that is being handled. There is at least one.
std::vector<Error> current_errors();

}  // namespace torchport::runtime
