// The last lines of a run (docs/contract.md): FATAL in the driver log of each failing rank, RESULT in the launcher's log.
// Written by the worker's main and by the launcher; a person's or a program's first look goes there.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// What a FATAL line says, as far as the launcher needs it.
struct Fatal {
  std::string error_class;  ///< e.g. "InvalidDatasetError"
  int rank = 0;
  std::string cause;  ///< still escaped
};

/// `RESULT exit=.. first_rank=..|- cause=".." checkpoint=none`. `cause` is escaped already.
std::string result_line(int exit_status, std::optional<int> first_rank, const std::string& cause);

/// Reads a FATAL line back; absent where the line is none.
std::optional<Fatal> parse_fatal(const std::string& line);

/// The FATAL lines of `<logs>/70_driver_log_*`, by rank.
std::vector<Fatal> read_fatals(const std::filesystem::path& logs);

/// The cause of several faults: the first, and how many more there are. Escaped and at most `limit` bytes.
std::string cause_of(const std::vector<Error>& errors, std::size_t limit);

}  // namespace torchport::runtime
