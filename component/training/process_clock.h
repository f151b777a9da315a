// How long this process has been alive. Called by Progress, which says when the first step was done.
#pragma once

namespace torchport::component {

/// Seconds since the operating system started this process.
double seconds_since_process_start();

}  // namespace torchport::component
