// Commands that need a network: the program `torchport` checks their words, and the worker, which has LibTorch, takes its place.
// Called by such files of component/commands/.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/call.h"

namespace torchport::runtime {

/// Puts the worker, with these words, in the place of this process. \throws Error FailedToCompleteOperation.no_worker
[[noreturn]] void become_worker(const Host& host, const std::vector<std::string>& words);

/// The same command with the same words there: component/worker_commands/<name>.cpp. \throws Error CouldNotOpenFile.library, and as
/// become_worker
[[noreturn]] void continue_in_worker(const Call& call);

}  // namespace torchport::runtime
