// How many CPU cores this process may use. Asked by the launcher, by the worker for its threads, and by all that decodes images.
#pragma once

namespace torchport::runtime {

/// The number of processing units (CPU cores this process may use).
int processing_units();

}  // namespace torchport::runtime
