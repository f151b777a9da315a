// Computes: the targets that a computes file names, each an engine and what that needs to know. docs/clusters.md describes the
// file. Read by the launcher, its engines and `torchport compute`.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// One target. Getters of a setting that is not given return nothing, "" or an empty list.
struct Compute {
  std::string name;              ///< empty where no compute was named: an engine as it is by itself
  std::string engine;            ///< a name of the table engines()
  std::filesystem::path folder;  ///< of its file: relative paths begin there
  std::map<std::string, Value, std::less<>> values;
  std::map<std::string, std::vector<std::string>, std::less<>> lists;

  std::optional<std::int64_t> integer(std::string_view setting) const;
  std::string text(std::string_view setting) const;
  bool is_set(std::string_view setting) const;  ///< of a boolean: whether it is true
  const std::vector<std::string>& list(std::string_view setting) const;
};

/// Where the computes file is: `given` (--computes), else $TORCHPORT_COMPUTES, else computes.yaml in the current folder, else
/// torchport/computes.yaml in $XDG_CONFIG_HOME or ~/.config; nothing where none of the last two is there.
std::optional<std::filesystem::path> computes_file(const std::string& given);

/// Reads a computes file: every fault goes into `problems` with its line and column; what comes back then is not to be used.
std::vector<Compute> read_computes(const std::filesystem::path& file, Problems& problems);

/// The compute `name` of the file that computes_file(given) finds. \throws Error, Errors where there is no file, it has faults, or
/// it has no such compute
Compute find_compute(const std::string& name, const std::string& given);

/// The compute that a request names by --compute, or nothing. \throws Error, Errors like find_compute
std::optional<Compute> compute_of(const Request& request);

}  // namespace torchport::runtime
