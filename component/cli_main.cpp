// The program `torchport`.
#include <filesystem>
#include <iostream>

#include "component/check.h"
#include "runtime/cli/cli.h"

int main(int argc, char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const torchport::runtime::CommandLine cli{torchport::component::check_request, self, self.parent_path() / "torchport-worker",
                                            std::cout, std::cerr};
  return torchport::runtime::run_command(cli, {argv + 1, argv + argc});
}
