// What became of one run, in a few lines for a person, from what its folder holds: RESULT, FATAL, failures, run.json. Shown by
// `torchport explain RUN`.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::runtime {

/// Whether a folder is one of a component's run: it has logs of ours.
bool is_run_folder(const std::filesystem::path& folder);

/// What happened first, on which rank, what the others did, what to do, which log to read. Each line ends.
std::string run_account(const std::filesystem::path& run_dir);

}  // namespace torchport::runtime
