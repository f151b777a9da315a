#include "runtime/launch/gathered_logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/run_files.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr const char *kMarkFile = ".mark", *kMarkVariable = "TORCHPORT_RUN_MARK";
constexpr std::string_view kBegin = "\x1etorchport ";  ///< of a sent line: NAME NUMBER TEXT follow
constexpr std::size_t kLongest = 64 * 1024;            ///< of a sent line

std::atomic<bool> sending{false};

/// Where a file of that name lies in a run folder; empty for a name that is none of ours.
fs::path place_of(const std::string& name) {
  for (const RunFile& file : kRunFiles) {
    const fs::path path = fs::path(file.name).parent_path() / name;
    if (file.sent && run_file(path.string()) == &file) return path;
  }
  return {};
}

void append(const fs::path& file, bool fresh, const std::string& text) {
  const int fd =
      open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0666);
  if (fd < 0) return;
  write_all(fd, text, /*wait=*/false);
  close(fd);
}

}  // namespace

void mark_run_dir(const fs::path& run_dir) {
  const std::string mark = random_suffix();
  unsetenv(kMarkVariable);
  try {
    write_file_atomically(run_dir / kMarkFile, mark);
    setenv(kMarkVariable, mark.c_str(), 1);
  } catch (const Error&) {  // where there is no room for it there is none for the logs of others, either
  }
}

void unmark_run_dir(const fs::path& run_dir) {
  std::error_code ignored;
  fs::remove(run_dir / kMarkFile, ignored);
}

bool is_far(const fs::path& run_dir) {
  const char* const mark = std::getenv(kMarkVariable);
  if (!mark || !*mark) return false;
  try {
    return read_file(run_dir / kMarkFile, kSmallText) != mark;
  } catch (const std::runtime_error&) {
    return true;
  }
}

void send_driver_log(bool yes) { sending = yes; }

std::string sent_line(const std::string& name, std::size_t number, std::string_view line) {
  if (!sending) return "";
  if (line.ends_with('\n')) line.remove_suffix(1);
  return std::string(kBegin) + name + " " + std::to_string(number) + " " + std::string(line) + "\n";
}

void send_file(const fs::path& file) {
  std::string text;
  try {
    if (sending) text = read_file(file, 16 * kSmallText);
  } catch (const std::runtime_error&) {
    return;  // it was not made
  }
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) write_all(STDERR_FILENO, sent_line(file.filename().string(), ++number, line));
}

std::string GatheredLogs::take(std::string_view piece) {
  held_ += piece;
  std::string others;
  for (;;) {
    const std::size_t begin = held_.find(kBegin[0]);
    others += held_.substr(0, begin);
    held_.erase(0, begin);
    const std::size_t end = held_.find('\n');
    if (held_.empty() || (end == held_.npos && held_.size() < kLongest)) return others;
    // mpirun may put another rank's words into a line of more than 4096 bytes: what is no line of ours is shown.
    if (end == held_.npos || !keep(std::string_view(held_).substr(0, end)))
      others += held_.substr(0, end == held_.npos ? end : end + 1);
    held_.erase(0, end == held_.npos ? end : end + 1);
  }
}

bool GatheredLogs::keep(std::string_view line) {
  if (!line.starts_with(kBegin)) return false;
  line.remove_prefix(kBegin.size());
  const std::size_t name_end = line.find(' '), number_end = name_end == line.npos ? line.npos : line.find(' ', name_end + 1);
  if (number_end == line.npos) return false;
  const std::string name(line.substr(0, name_end));
  std::size_t number = 0;
  const auto read = std::from_chars(line.data() + name_end + 1, line.data() + number_end, number);
  const fs::path place = place_of(name);
  if (place.empty() || read.ptr != line.data() + number_end || number == 0) return false;
  const fs::path file = run_dir_ / place;
  const bool fresh = number == 1, is_log = name.starts_with("70_");  // a record that is sent again replaces the one before
  std::error_code none;
  // Where a file lies here already its rank writes to this disk, and only did not see the mark in time.
  if (!lines_.count(name) && fs::exists(file, none)) shared_.insert(name);
  const std::size_t lost = fresh || number <= lines_[name] ? 0 : number - lines_[name] - 1;
  lines_[name] = number;
  const std::string gap = lost == 0 ? "" : "(" + std::to_string(lost) + " lines were lost on their way here)\n";
  if (!shared_.count(name)) append(file, fresh && !is_log, gap + std::string(line.substr(number_end + 1)) + "\n");
  return true;
}

}  // namespace torchport::runtime
