#include "runtime/report/merged_logs.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "runtime/files/files.h"
#include "runtime/files/owner.h"
#include "runtime/report/log_line.h"
#include "runtime/report/verdict.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr int kEngine = std::numeric_limits<int>::max();
constexpr std::size_t kPiece = std::size_t{1} << 20, kTimeLength = 23, kRecordLimit = std::size_t{16} << 20;

struct TimedLine {
  std::string time;
  MergedLine line;
};

std::string read_from(const fs::path& path, std::uintmax_t begin) {
  std::string text;
  const int fd = open_regular_file(path);
  for (bool more = true; more;) {
    const std::size_t had = text.size();
    text.resize(had + kPiece);
    const ssize_t got = pread(fd, text.data() + had, kPiece, static_cast<off_t>(begin + had));
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    more = got == static_cast<ssize_t>(kPiece);
  }
  close(fd);
  return text;
}

}  // namespace

MergedLogs::MergedLogs(fs::path run_dir, std::optional<int> rank) : run_dir_(std::move(run_dir)), rank_(rank) { find_logs(); }

void MergedLogs::find_logs() {
  std::error_code ignored;
  for (fs::directory_iterator entry(run_dir_ / "logs", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const auto rank = rank_in(name, "70_driver_log_", "");
    if (rank ? rank_ && *rank_ != *rank : rank_ || name != "70_mpi_log") continue;
    logs_.try_emplace(rank.value_or(kEngine), Log{entry->path(), rank ? std::to_string(*rank) : "mpi", 0, ""});
  }
}

bool MergedLogs::any() const { return !logs_.empty(); }

std::string MergedLogs::whole_lines(Log& log, bool all) {
  std::string text = read_from(log.path, log.read);
  if (!all) text.resize(text.rfind('\n') + 1);  // npos + 1 is 0
  log.read += text.size();
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

std::string MergedLogs::more(bool all) {
  std::string text;
  for (const MergedLine& line : more_lines(all)) text += (rank_ ? "" : line.process + " | ") + line.text + "\n";
  return text;
}

std::vector<MergedLine> MergedLogs::more_lines(bool all) {
  find_logs();
  std::vector<TimedLine> lines;
  for (auto& [rank, log] : logs_) {
    const std::string text = whole_lines(log, all);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      if (read_log_line(line)) log.time = line.substr(0, kTimeLength);
      // A log without times comes after all that has some.
      lines.push_back({rank == kEngine ? "~" : log.time, {log.process, printable(line)}});
      begin = end + 1;
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const TimedLine& a, const TimedLine& b) { return a.time < b.time; });
  std::vector<MergedLine> sorted;
  for (TimedLine& one : lines) sorted.push_back(std::move(one.line));
  return sorted;
}

bool MergedLogs::ended() const {
  try {
    const auto record = parse_json(read_file(run_dir_ / "run.json", kRecordLimit));
    if (record.is_object() && record.contains("state") && record["state"] != "running") return true;
  } catch (const std::runtime_error&) {  // it has not begun
  }
  try {
    const std::string log = read_file(run_dir_ / "logs/70_mpi_log", std::numeric_limits<std::uint32_t>::max());
    const std::size_t end = log.rfind("\nRESULT ");
    return end != log.npos || log.starts_with("RESULT ");
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::optional<std::string> MergedLogs::died() const {
  try {
    const auto record = parse_json(read_file(run_dir_ / "run.json", kRecordLimit));
    const auto writer = Owner::from(record.at("process"));
    if (writer && life_of(*writer) == Life::dead) return writer->text();
  } catch (const std::exception&) {  // nothing is known
  }
  return std::nullopt;
}

}  // namespace torchport::runtime
