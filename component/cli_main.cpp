// The program `torchport`.
#include <filesystem>
#include <iostream>

#include "component/commands.h"
#include "runtime/cli/cli.h"

int main(int argc, char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const torchport::runtime::Host host{self, self.parent_path() / "torchport-worker", std::cout, std::cerr};
  return run_command(host, torchport::component::commands(), {argv + 1, argv + argc});
}
