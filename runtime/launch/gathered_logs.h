// Logs of ranks whose machine does not share the disk of the run folder: each line goes by the engine's own channel, standard
// error, as it is written, so that those of a rank that dies are there as well. Sent by the driver log and the worker, taken by the
// launcher.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// The launcher marks its run folder by a file, for ranks to see whether theirs is the same one; their variable TORCHPORT_RUN_MARK
/// has its content. Where it finds no room there is neither.
void mark_run_dir(const std::filesystem::path& run_dir);
/// Takes the mark away, at the end.
void unmark_run_dir(const std::filesystem::path& run_dir);
/// Whether our launcher's run folder is another one than this process's of the same path.
bool is_far(const std::filesystem::path& run_dir);

/// Whether this process's driver log goes to the launcher, too, from now on.
void send_driver_log(bool yes);
/// What standard error gets for a line of a file of the run folder, the `number`th of that file from 1 on; nothing where
/// send_driver_log was not called.
std::string sent_line(const std::string& name, std::size_t number, std::string_view line);
/// Sends a file that is whole, such as failure_1.json, if it is there.
void send_file(const std::filesystem::path& file);

/// The launcher's end.
class GatheredLogs {
 public:
  explicit GatheredLogs(std::filesystem::path run_dir) : run_dir_(std::move(run_dir)) {}
  /// Keeps the sent lines in a piece of standard error, each in its file, and returns what else is in it.
  std::string take(std::string_view piece);
  /// What is left at the end.
  std::string rest() { return std::move(held_); }

 private:
  bool keep(std::string_view line);
  std::filesystem::path run_dir_;
  std::string held_;                          ///< the beginning of a sent line whose end is still to come
  std::map<std::string, std::size_t> lines_;  ///< by file: the number of the last line
  std::set<std::string> shared_;              ///< files that their ranks write to this disk
};

}  // namespace torchport::runtime
