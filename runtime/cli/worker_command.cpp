#include "runtime/cli/worker_command.h"

#include "runtime/launch/process.h"
#include "runtime/launch/worker_library.h"

namespace torchport::runtime {

void become_worker(const Host& host, const std::vector<std::string>& words) {
  std::vector<std::string> command{host.worker.string()};
  command.insert(command.end(), words.begin(), words.end());
  const std::string reason = replace_process(command.front(), command);
  throw Error("FailedToCompleteOperation.no_worker", {{"path", host.worker.string()}, {"reason", reason}});
}

void continue_in_worker(const Call& call) {
  check_worker_library(call.host.worker);
  std::vector<std::string> words = call.host.program_arguments;
  words.push_back(call.spec.name);
  words.insert(words.end(), call.words.begin(), call.words.end());
  become_worker(call.host, words);
}

}  // namespace torchport::runtime
