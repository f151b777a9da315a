// torchport import: what needs no network is checked here; component/worker_commands/import.cpp finds the network of the weights.
#include "models/weights/weights_file.h"
#include "runtime/cli/worker_command.h"

namespace torchport::component {

int import(runtime::Call& call) {
  const std::string file = call.arguments().operands.front();
  if (!models::begins_as_weights(file))
    throw runtime::Error("InvalidModelDirectory.weights_file", {{"path", file}, {"reason", "it begins as none"}});
  runtime::continue_in_worker(call);
}

}  // namespace torchport::component
