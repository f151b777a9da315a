// Whether this user may read what the worker is linked with: its loader's own words would name neither a way out nor the run.
// Called by launch.cpp before the worker is started.
#pragma once
#include <filesystem>

namespace torchport::runtime {

/// Looks for LibTorch where the loader does: beside the worker, in the folder lib beside that, and where it was at build time, if
/// the worker was linked with that one. One that is nowhere is the loader's to find, by LD_LIBRARY_PATH perhaps.
/// \throws Error CouldNotOpenFile.library
void check_worker_library(const std::filesystem::path& worker);

}  // namespace torchport::runtime
