#include "runtime/report/checkpoints.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/sha256.h"
#include "runtime/text/json.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHash = 64;  ///< hexadecimal digits

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_finished(const fs::path& run_dir) {
  try {
    return parse_json(read_file(run_dir / "run.json", kSmallText)).value("state", "") == "finished";
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::optional<std::pair<std::int64_t, std::int64_t>> checkpoint_place(const fs::path& checkpoint) {
  const std::string name = checkpoint.filename().string();
  const std::size_t dot = std::min(name.find('.'), name.size());
  const auto epoch = number(std::string_view(name).substr(0, dot));
  const auto step = number(std::string_view(name).substr(std::min(dot + 1, name.size())));
  if (!epoch || !step) return std::nullopt;
  return std::pair(*epoch, *step);
}

std::vector<fs::path> checkpoints_of(const fs::path& run_dir) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(run_dir / kCheckpoints, ignored), end; entry != end; entry.increment(ignored))
    if (checkpoint_place(entry->path()) && entry->is_directory(ignored)) found.push_back(entry->path());
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return *checkpoint_place(b) < *checkpoint_place(a); });
  return found;
}

std::vector<fs::path> checkpoints_named(const std::string& named) {
  const fs::path path = fs::absolute(named).lexically_normal();
  std::error_code ignored;
  if (checkpoint_place(path) && fs::is_directory(path, ignored) && !fs::is_directory(path / kCheckpoints, ignored)) return {path};
  auto all = checkpoints_of(path);
  if (all.empty())
    throw Error(is_finished(path) ? "CouldNotOpenFile.finished" : "CouldNotOpenFile.no_checkpoint", {{"path", named}});
  return all;
}

std::vector<fs::path> checkpoints_meant(const std::string& resume, const fs::path& run_dir) {
  if (resume == kResumeNever) return {};
  return resume == kResumeAuto ? checkpoints_of(run_dir) : checkpoints_named(resume);
}

fs::path last_checkpoint(const fs::path& run_dir) {
  const auto all = checkpoints_of(run_dir);
  return all.empty() ? fs::path() : all.front();
}

std::string wrong_with(const fs::path& checkpoint) {
  std::string sums;
  try {
    sums = read_file(checkpoint / kSums, kSmallText);
  } catch (const std::exception& fault) {
    return fault.what();
  }
  const auto sums_that = [](std::string_view how) { return std::string(kSums).append(how); };
  std::istringstream lines(sums);
  std::size_t files = 0;
  for (std::string line; std::getline(lines, line); ++files) {
    if (line.size() < kHash + 3 || line.substr(kHash, 2) != "  ") return sums_that(" is not what was written");
    const std::string name = line.substr(kHash + 2);
    if (fs::path(name).filename() != name) return sums_that(" names a file of another folder");
    const std::string found = sha256(checkpoint / name);
    if (found.empty()) return name + " cannot be read";
    if (found != line.substr(0, kHash)) return name + " is not what was written: its SHA-256 is another";
  }
  return files == 0 ? sums_that(" is empty") : "";
}

}  // namespace torchport::runtime
