// The logs of a run in one: the lines of all ranks by their time, each with its rank in front, as they are or as they grow. Shown
// by `torchport logs`.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace torchport::runtime {

struct MergedLine {
  std::string process;  ///< its rank, or "mpi" of the launcher's
  std::string text;     ///< printable
};

class MergedLogs {
 public:
  /// Of a run's folder: of one rank, without its number in front; else of all ranks and, last, 70_mpi_log.
  MergedLogs(std::filesystem::path run_dir, std::optional<int> rank);
  /// What has come since the last call, in whole lines; with `all` also a last line without its end.
  std::string more(bool all);
  /// The same line by line.
  std::vector<MergedLine> more_lines(bool all);
  /// Whether there is a log at all.
  bool any() const;
  /// Whether nothing more will come: the record or the launcher's last line says so.
  bool ended() const;
  /// The process that writes the record, where it has died without a last word: whoever started it may still have one.
  std::optional<std::string> died() const;

 private:
  struct Log {
    std::filesystem::path path;
    std::string process;      ///< whose
    std::uintmax_t read = 0;  ///< bytes
    std::string time;         ///< of its last line that had one
  };
  void find_logs();
  static std::string whole_lines(Log& log, bool all);

  const std::filesystem::path run_dir_;
  const std::optional<int> rank_;
  std::map<int, Log> logs_;  ///< by rank; 70_mpi_log comes last
};

}  // namespace torchport::runtime
