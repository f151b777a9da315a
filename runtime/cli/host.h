// What a command runs on: the programs of this build and the streams to write to. Made by component/cli_main.cpp and by tests; read
// by the commands and the pipelines.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace torchport::runtime {

struct Host {
  std::filesystem::path program;  ///< this one, `torchport`, which runs the steps of a pipeline
  std::filesystem::path worker;   ///< the one that runs a component on one rank
  std::ostream& out;
  std::ostream& err;
  std::size_t terminal_width = 0;                   ///< columns of the terminal that `out` leads to; 0: it leads to none
  std::vector<std::string> program_arguments = {};  ///< --spec-dir DIR, where it was given: for every process of either program
};

}  // namespace torchport::runtime
