// Where the checkpoints of a run lie: <run folder>/checkpoints/<epoch>.<step>, each whole from the moment it is there.
// Read by the launcher for the verdict, by pipelines, by `torchport verify`, and by trainings, which alone write them.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torchport::runtime {

inline constexpr std::string_view kCheckpoints = "checkpoints";  ///< the folder in the run folder
inline constexpr std::string_view kSums = "SHA256SUMS";  ///< written last into each: the hashes of its files, as sha256sum has them

/// Epoch and step of a checkpoint by its folder's name: the epoch under way, counted from 1, and how many of its steps are done.
std::optional<std::pair<std::int64_t, std::int64_t>> checkpoint_place(const std::filesystem::path& checkpoint);

/// The folders of the checkpoints of a run, the last one first.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& run_dir);

/// Those that somebody means who names the folder of a run or of one of its checkpoints, the one to begin with first.
/// \throws Error CouldNotOpenFile.no_checkpoint, or .finished where the run needs none any more
std::vector<std::filesystem::path> checkpoints_named(const std::string& path);

/// What --resume says in place of a folder: what the run folder has, or none.
inline constexpr std::string_view kResumeAuto = "auto", kResumeNever = "never";

/// Those that `resume` means of a run in `run_dir`, the one to begin with first; none where it begins at its beginning.
/// \throws Error as checkpoints_named
std::vector<std::filesystem::path> checkpoints_meant(const std::string& resume, const std::filesystem::path& run_dir);

/// The last of them, or "".
std::filesystem::path last_checkpoint(const std::filesystem::path& run_dir);

/// What is wrong with the files of a checkpoint by its SHA256SUMS: "state.safetensors is not what was written"; "" where all is
/// well.
std::string wrong_with(const std::filesystem::path& checkpoint);

}  // namespace torchport::runtime
