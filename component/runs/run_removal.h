// Removing runs: what would go, what speaks against it, and doing so. Called by `torchport runs rm`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace torchport::component {

struct Removal {
  std::filesystem::path folder;
  std::uintmax_t bytes = 0, files = 0;
  std::vector<std::string> users;  ///< runs beside it that reuse its steps, which will lack them then
};

/// `name` is that of a run in the folder `runs`, or the path of one there: no other folder is removed.
/// \throws Error ParameterParsing.no_run, AlreadyExists.run_lives where it is under way
Removal removal_of(const std::string& name, const std::filesystem::path& runs);

/// The link `latest` goes with the run that it leads to. \throws Error FailedToWriteOutputs.file
void remove_run(const Removal& removal);

/// "runs/flowers-1: 123 MB in 456 files".
std::string removal_text(const Removal& removal);

}  // namespace torchport::component
