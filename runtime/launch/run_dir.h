// The run folder: where it is, and how what an earlier run left in it makes room.
// Made by the launcher for several processes, else by the worker; pipelines number their own.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/launch/launched_as.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// Makes `runs`/<name>-1, or that of the next number that is free, with mode 0750. \throws Error FailedToWriteOutputs
std::filesystem::path next_free_run_dir(const std::filesystem::path& runs, const std::string& name);

inline constexpr std::string_view kLatest = "latest";  ///< the link in a folder of runs

/// Whether a path is such a link: a second name of a run.
bool is_latest(const std::filesystem::path& path);

/// Makes `latest` beside a run's folder lead to it. Only a link is replaced. Where there can be none there is none: it is a
/// convenience.
void link_latest(const std::filesystem::path& run_dir);

/// Nothing runs in a folder that was deleted: libraries that are loaded later do not even find themselves from there.
/// \throws Error CouldNotOpenFile.current_folder
void check_current_folder();

/// The fault that making `folder` would meet right now, without touching anything. \throws Error FailedToWriteOutputs.run_dir
void check_run_dir(const std::filesystem::path& folder);

/// Whether the user says where: by --run-dir or the variable TORCHPORT_RUN_DIR.
bool names_run_dir(const Request& request);

/// `--run-dir`, else $TORCHPORT_RUN_DIR, else runs/<component>-<job>, else the next free runs/<component>-<n>. Created with logs/;
/// make_room() in it when `fresh`, which one process of a run says. The path is
/// absolute. \throws Error FailedToWriteOutputs
std::filesystem::path prepare_run_dir(const Request& request, const std::optional<LaunchedAs>& launched, bool fresh);

}  // namespace torchport::runtime
