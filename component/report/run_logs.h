// The logs of a run as a page can hold them: the beginning and the end of each, that of the rank that failed first.
// Read for the report of a run.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace torchport::component {

struct RunLog {
  std::filesystem::path path;
  std::optional<int> rank;      ///< none: 70_mpi_log, what the launcher kept
  std::string begin, end;       ///< all of it is in `begin` where nothing is left out between them
  std::uintmax_t left_out = 0;  ///< bytes between the two
  bool failed = false;          ///< of the rank to blame
};

/// Those of a run's folder: of the rank that failed first, then, where one failed, the launcher's, then the others by rank. Texts
/// are those of the first `most`.
std::vector<RunLog> read_run_logs(const std::filesystem::path& run_dir, std::size_t most);

}  // namespace torchport::component
