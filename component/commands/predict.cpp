// torchport predict: what needs no network is checked here; the answers are component/worker_commands/predict.cpp's.
#include "runtime/cli/worker_command.h"

namespace torchport::component {

int predict(runtime::Call& call) {
  call.arguments();
  runtime::continue_in_worker(call);
}

}  // namespace torchport::component
