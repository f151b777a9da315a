// The program torchport-worker: one rank of a component. mpirun, srun and `torchport run` start it.
#include <torch/torch.h>

#include <cstdlib>
#include <iostream>

#include "component/check.h"
#include "component/collectives/mpi.h"
#include "component/commands/check_data.h"
#include "component/estimate/estimate.h"
#include "component/worker/faults.h"
#include "component/worker/memory.h"
#include "component/worker/run.h"
#include "runtime/launch/process.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

using Words = std::vector<std::string>;

/// Shows the errors of the exception that is being handled, and returns the exit status.
int report(std::string_view subject) {
  const auto errors = current_errors();
  std::cerr << runtime::render_all(errors, subject) << std::flush;
  return errors.front().exit_status();
}

int run_check_data(const Words& words) {
  try {
    const CommandResult result = check_data(words);
    std::cout << result.text << std::flush;
    return result.exit_status;
  } catch (...) {
    return report("check-data");
  }
}

int run_estimate(const Words& words, const Words& worker_arguments) {
  const std::string subject = words.empty() ? "estimate" : runtime::visible(words.front());
  try {
    const std::filesystem::path worker = std::filesystem::read_symlink("/proc/self/exe");
    const runtime::CommandLine cli{check_request, worker.parent_path() / "torchport", worker, std::cout, std::cerr};
    std::cout << estimate(cli, words, worker_arguments) << std::flush;
    return 0;
  } catch (...) {
    return report(subject);
  }
}

void print_versions() {
  const std::string commit = runtime::commit();
  std::cout << "torchport-worker " << runtime::version() << (commit.empty() ? "" : " (commit " + commit + ")") << "\nLibTorch "
            << TORCH_VERSION << "\n"
            << mpi_version() << "\n";
}

int dispatch(Words words) {
  if (words.size() == 1 && words[0] == "--version") {
    print_versions();
    return 0;
  }
  Words worker_arguments;
  if (words.size() >= 2 && words[0] == "--spec-dir") {
    worker_arguments = {words[0], words[1]};
    runtime::Specs::set_overlay(words[1]);
    words.erase(words.begin(), words.begin() + 2);
  }
  if (!words.empty() && words[0] == "check-data") return run_check_data(Words(words.begin() + 1, words.end()));
  if (!words.empty() && words[0] == "estimate") return run_estimate(Words(words.begin() + 1, words.end()), worker_arguments);
  if (words.size() >= 2 && words[0] == "run") return run_component(words[1], Words(words.begin() + 2, words.end()));
  std::cerr
      << "usage: torchport-worker [--spec-dir DIR] run COMPONENT FLAGS | check-data DIR | estimate PIPELINE.yaml | --version\n"
         "One rank of a component; torchport run starts it, and torchport --help tells more.\n";
  return 2;
}

}  // namespace
}  // namespace torchport::component

int main(int argc, char** argv) {
  using namespace torchport;
  component::keep_freed_memory();
  runtime::ignore_write_signals();
  int status = 0;
  try {
    status = component::dispatch({argv + 1, argv + argc});
  } catch (...) {
    status = component::report("torchport-worker");
  }
#ifdef __SANITIZE_ADDRESS__
  return status;  // leaks are looked for at exit
#else
  // All that we own is closed by now. LibTorch would take its thousands of operators out of their tables, one by one, for 0.1 s.
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(status);
#endif
}
