#include "component/report/run_logs.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/files/files.h"
#include "runtime/report/verdict.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBegin = 12 << 10, kEnd = 36 << 10;  ///< bytes of a log that are shown

std::string read_tail(const fs::path& file, std::uintmax_t begin, std::size_t most) {
  const int fd = runtime::open_regular_file(file);
  std::string text(most, '\0');
  const ssize_t got = pread(fd, text.data(), most, static_cast<off_t>(begin));
  close(fd);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

/// Whole lines of the log's two ends.
void read_text(RunLog& log) {
  std::error_code fault;
  const std::uintmax_t size = fs::file_size(log.path, fault);
  if (fault) return;
  log.begin = runtime::read_head(log.path, kBegin + kEnd);
  if (size <= log.begin.size()) return;
  log.begin.resize(kBegin);
  if (const std::size_t line = log.begin.rfind('\n'); line != log.begin.npos) log.begin.resize(line + 1);
  log.end = read_tail(log.path, size - kEnd, kEnd);
  if (const std::size_t line = log.end.find('\n'); line != log.end.npos) log.end.erase(0, line + 1);
  log.left_out = size - log.begin.size() - log.end.size();
}

/// The rank to blame, as the launcher wrote it, or else as the ranks left it.
std::optional<int> failing_rank(const std::vector<RunLog>& logs, const fs::path& folder) {
  for (const RunLog& log : logs) {
    if (log.rank) continue;
    const std::string& text = log.end.empty() ? log.begin : log.end;
    const std::size_t at = text.rfind("\nFATAL ");
    if (at == text.npos) continue;
    const auto last = runtime::read_last_line(text.substr(at + 1, text.find('\n', at + 1) - at - 1), "FATAL");
    if (last && !last->text("rank").empty()) return runtime::rank_in(last->text("rank") + ".", "", ".");
  }
  const auto failures = runtime::read_failures(folder);
  if (failures.empty() || failures.front().rank == runtime::kNoRank) return std::nullopt;
  return failures.front().rank;
}

}  // namespace

std::vector<RunLog> read_run_logs(const fs::path& run_dir, std::size_t most) {
  std::vector<RunLog> logs;
  std::error_code ignored;
  for (fs::directory_iterator entry(run_dir / "logs", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const auto rank = runtime::rank_in(name, "70_driver_log_", "");
    if (!rank && name != "70_mpi_log") continue;
    logs.push_back({entry->path(), rank, "", "", 0, false});
    try {
      if (!rank) read_text(logs.back());
    } catch (const std::runtime_error&) {  // it shows without its text
    }
  }
  const auto failed = failing_rank(logs, run_dir / "logs");
  const auto place = [&](const RunLog& log) {
    if (!log.rank) return failed ? -1 : std::numeric_limits<int>::max();
    return log.failed ? -2 : *log.rank;
  };
  for (RunLog& log : logs) log.failed = failed && log.rank == failed;
  std::sort(logs.begin(), logs.end(), [&](const RunLog& a, const RunLog& b) { return place(a) < place(b); });
  for (std::size_t i = 0; i < logs.size(); ++i) {
    RunLog& log = logs[i];
    if (i >= most) log.begin = log.end = "";
    try {
      if (i < most && log.rank) read_text(log);
    } catch (const std::runtime_error&) {
    }
  }
  return logs;
}

}  // namespace torchport::component
