// torchport serve: what needs no network is checked here; the server is component/worker_commands/serve.cpp's.
#include "runtime/cli/worker_command.h"

namespace torchport::component {

int serve(runtime::Call& call) {
  call.arguments();
  runtime::continue_in_worker(call);
}

}  // namespace torchport::component
