// `torchport check-data`: the data doctor's words in and out. Run by the worker, which has the image decoders.
#pragma once
#include <string>
#include <vector>

namespace torchport::component {

struct CommandResult {
  int exit_status = 0;  ///< 5 where there is a problem
  std::string text;     ///< for standard output
};

/// `words`: DIR [--against DIR] [--thin N] [--json]. \throws Error or Errors ParameterParsing.*, InvalidDataset.*
CommandResult check_data(const std::vector<std::string>& words);

}  // namespace torchport::component
