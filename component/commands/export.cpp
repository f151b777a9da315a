// torchport export: what needs no network is checked here; the files are written by component/worker_commands/export.cpp.
#include "runtime/cli/worker_command.h"

namespace torchport::component {

int export_(runtime::Call& call) {
  call.arguments();
  runtime::continue_in_worker(call);
}

}  // namespace torchport::component
