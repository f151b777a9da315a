// NCCL's own words, logs/nccl_<rank> of the run folder: told to it before it starts, and read when it fails. Used by
// component/training/choose_device.cpp and nccl_reducer.cpp.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::component {

/// The file.
std::filesystem::path nccl_log(const std::filesystem::path& run_dir, int rank);
/// What NCCL should say, and where, unless the user told it by the variables NCCL_DEBUG and so on.
void tune_nccl(const std::filesystem::path& log);

/// The file's last lines, as rows of an error; none where there is no file.
std::vector<runtime::Detail> last_words(const std::filesystem::path& log);
/// What its channels go by, in alphabetical order, e.g. {"NET/Socket/0", "P2P/CUMEM"}.
std::vector<std::string> transports(const std::filesystem::path& log);
/// The network interface it chose, e.g. "eth0:10.0.0.7"; "" where it did not say.
std::string network_interface(const std::filesystem::path& log);

}  // namespace torchport::component
