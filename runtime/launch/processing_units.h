// How many CPU cores this process may use. Asked by the launcher, by the worker for its threads, and by all that decodes images.
#pragma once
#include <string>

namespace torchport::runtime {

/// The number of processing units (CPU cores this process may use).
int processing_units();

/// Which ones, as Linux numbers them: "0-3,8". "" where their set cannot be read.
std::string processing_unit_list();

}  // namespace torchport::runtime
