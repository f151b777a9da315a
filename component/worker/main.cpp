// The program torchport-worker: one rank of a component, started by mpirun, srun and `torchport run`; or a command that needs a
// network.
#include <torch/torch.h>

#include <cstdlib>
#include <iostream>

#include "component/collectives/mpi.h"
#include "component/worker/command.h"
#include "component/worker/faults.h"
#include "component/worker/memory.h"
#include "component/worker/run.h"
#include "component/worker/stop.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/process.h"
#include "runtime/spec/spec.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

using Words = std::vector<std::string>;

std::string mpi_or_why_not() {
  try {
    return mpi_version();
  } catch (const runtime::Error& error) {
    return std::string("no MPI: ") + error.what();
  }
}

void print_versions() {
  const std::string commit = runtime::commit();
  std::cout << "torchport-worker " << runtime::version() << (commit.empty() ? "" : " (commit " + commit + ")") << "\nLibTorch "
            << TORCH_VERSION << "\n"
            << mpi_or_why_not() << "\n";
}

int dispatch(Words words) {
  if (words.size() == 1 && words[0] == "--version") {
    print_versions();
    errno = 0;
    if (!std::cout.flush() && errno != EPIPE)  // a reader that has seen enough is no error
      throw runtime::Error("FailedToWriteOutputs.file", {{"path", "standard output"}, {"reason", std::strerror(errno)}});
    return 0;
  }
  if (words.size() >= 2 && words[0] == "--spec-dir") {
    runtime::Specs::set_overlay(words[1]);
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() >= 2 && words[0] == "run") return run_component(words[1], Words(words.begin() + 2, words.end()));
  if (!words.empty() && is_worker_command(words[0])) return run_worker_command(words[0], Words(words.begin() + 1, words.end()));
  std::cerr
      << "usage: torchport-worker [--spec-dir DIR] run COMPONENT FLAGS | COMMAND ... | --version\n"
         "One rank of a component, or a command that needs a network; torchport starts it, and torchport --help tells more.\n";
  return 2;
}

}  // namespace
}  // namespace torchport::component

int main(int argc, char** argv) {
  using namespace torchport;
  runtime::open_standard_streams();
  component::watch_stop_signals();
  component::keep_freed_memory();
  runtime::ignore_write_signals();
  int status = 0;
  try {
    status = component::dispatch({argv + 1, argv + argc});
  } catch (...) {
    const auto errors = component::current_errors();
    std::cerr << runtime::render_all(errors, "torchport-worker") << std::flush;
    status = errors.front().exit_status();
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
