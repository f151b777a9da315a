// How a run ended: the last lines of its logs (docs/contract.md, "Last lines"), and each failing rank's error as JSON beside its
// log. Written by the workers and by the launcher, which reads what the ranks left.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// Of a failure before there were ranks.
inline constexpr int kNoRank = -1;

/// Why a rank failed.
struct Failure {
  std::vector<Error> errors;  ///< one at least
  int rank = 0;               ///< the rank to blame: the lowest that met what all agreed on, else the one that failed
  std::string step;           ///< where the run stood: "<epoch>.<step>", or "-" before the first
};

/// The last line of a failing rank's driver log, of less than 4096 bytes:
/// `FATAL code=.. rank=.. step=.. cause=".." path=".."|- hint=".."|-`.
std::string fatal_line(const Failure& failure);

/// `RESULT exit=.. first_rank=..|- cause=".." checkpoint=none|".."`, and ` record=truncated` where something before it found no
/// room. `cause` is escaped already. `checkpoint`: the folder that the run can go on from, or "".
std::string result_line(int exit_status, std::optional<int> first_rank, const std::string& cause, bool truncated = false,
                        const std::filesystem::path& checkpoint = {});

/// The cause of several faults: the first, and how many more there are. Escaped, at most 1200 bytes.
std::string cause_of(const std::vector<Error>& errors);

/// Writes `<logs>/failure_<rank>.json` for the rank whose log lies beside it. \throws Error FailedToWriteOutputs
void write_failure(const std::filesystem::path& logs, int rank, const Failure& failure);

/// The failures that ranks left in `logs`, in the order of the ranks to blame. A file that does not hold one is passed over: what
/// the engine says then decides.
std::vector<Failure> read_failures(const std::filesystem::path& logs);

/// A FATAL or RESULT line, read.
struct LastLine {
  std::map<std::string, std::string, std::less<>> fields;  ///< "exit", "code", "rank", ...; of the value "-" none
  /// The value of a field, or "".
  std::string text(std::string_view field) const;
};

/// Reads a line that begins with `word`: "FATAL" or "RESULT". Nothing where it is something else.
std::optional<LastLine> read_last_line(std::string_view line, std::string_view word);

/// The rank in a file's name such as `70_driver_log_<rank>` or `failure_<rank>.json`, if it has that form.
std::optional<int> rank_in(std::string_view name, std::string_view prefix, std::string_view suffix);

}  // namespace torchport::runtime
