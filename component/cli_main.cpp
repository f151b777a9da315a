// The program `torchport`.
#include <unistd.h>

#include <filesystem>
#include <ostream>

#include "component/commands.h"
#include "runtime/cli/cli.h"
#include "runtime/files/standard_streams.h"

int main(int argc, char** argv) {
  torchport::runtime::open_standard_streams();
  std::error_code unreadable;  // a program that may be executed and not read has no /proc/self/exe
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  if (unreadable) self = std::filesystem::absolute(argv[0], unreadable);
  torchport::runtime::DescriptorBuffer out(STDOUT_FILENO), err(STDERR_FILENO);
  std::ostream shown(&out), said(&err);
  said << std::unitbuf;
  const torchport::runtime::Host host{self, self.parent_path() / "torchport-worker", shown, said,
                                      torchport::runtime::terminal_width(STDOUT_FILENO)};
  return run_command(host, torchport::component::commands(), {argv + 1, argv + argc});
}
