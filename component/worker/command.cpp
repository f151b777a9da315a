#include "component/worker/command.h"

#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "component/commands.h"
#include "component/worker/faults.h"
#include "runtime/cli/cli.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/processing_units.h"

namespace torchport::component {

bool is_worker_command(const std::string& name) { return worker_commands().contains(name); }

int run_worker_command(const std::string& name, const std::vector<std::string>& words) {
  if (!std::getenv("OMP_NUM_THREADS")) at::set_num_threads(runtime::processing_units());
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  runtime::DescriptorBuffer out(STDOUT_FILENO), err(STDERR_FILENO);
  std::ostream shown(&out), said(&err);
  said << std::unitbuf;
  const runtime::Host host{self.parent_path() / "torchport", self, shown, said, runtime::terminal_width(STDOUT_FILENO)};
  std::string subject = "torchport";
  try {
    runtime::Call call{host, runtime::command_spec(name), words, subject};
    const int status = worker_commands().at(name)(call);
    runtime::flush_output(host);
    return status;
  } catch (...) {
    const auto errors = current_errors();
    shown.flush();
    said << runtime::render_all(errors, subject);
    return errors.front().exit_status();
  }
}

}  // namespace torchport::component
