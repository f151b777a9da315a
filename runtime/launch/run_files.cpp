#include "runtime/launch/run_files.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "runtime/error/error.h"
#include "runtime/report/verdict.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kNumber = ".", kRestart = ".restart";  ///< behind a name, and before a number

/// A name without the number behind its last `mark`, and that number; the name as it is and 0 where it ends otherwise.
std::pair<std::string, int> numbered(const std::string& name, std::string_view mark) {
  const std::size_t at = name.rfind(mark);
  if (at == name.npos) return {name, 0};
  const std::string_view digits = std::string_view(name).substr(at + mark.size());
  int number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size() && number > 0 && digits.front() != '0';
  return whole ? std::pair(name.substr(0, at), number) : std::pair(name, 0);
}

std::set<fs::path> folders() {
  std::set<fs::path> all;
  for (const RunFile& file : kRunFiles) all.insert(fs::path(file.name).parent_path());
  return all;
}

}  // namespace

const RunFile* run_file(const std::string& path) {
  const auto found = std::find_if(std::begin(kRunFiles), std::end(kRunFiles), [&](const RunFile& file) {
    const std::size_t rank = file.name.find('*');
    return rank == file.name.npos ? path == file.name
                                  : rank_in(path, file.name.substr(0, rank), file.name.substr(rank + 1)).has_value();
  });
  return found == std::end(kRunFiles) ? nullptr : found;
}

void make_room(const fs::path& run_dir) {
  std::map<int, std::vector<std::pair<fs::path, std::string>>> attempts;  // by number: each file, and its path without the number
  for (const fs::path& folder : folders()) {
    std::error_code ignored;
    for (fs::directory_iterator entry(run_dir / folder, ignored), end; entry != end; entry.increment(ignored)) {
      const auto [path, number] = numbered((folder / entry->path().filename()).string(), kNumber);
      if (run_file(numbered(path, kRestart).first)) attempts[number].emplace_back(entry->path(), (run_dir / path).string());
    }
  }
  int last = -1;
  while (attempts.contains(last + 1)) ++last;
  for (int number = last; number >= 0; --number) {
    for (const auto& [file, path] : attempts[number]) {
      std::error_code error;
      fs::rename(file, path + std::string(kNumber) + std::to_string(number + 1), error);
      if (error) throw Error("FailedToWriteOutputs.run_dir", {{"path", file.string()}, {"reason", error.message()}});
    }
  }
}

void take_back_training(const fs::path& run_dir) {
  std::error_code ignored;
  std::map<std::string, int> youngest;  // by path without the number
  for (fs::directory_iterator entry(run_dir, ignored), end; entry != end; entry.increment(ignored)) {
    const auto [name, number] = numbered(entry->path().filename().string(), kNumber);
    const RunFile* const file = run_file(name);
    if (!file || file->kind != RunFile::training) continue;
    const auto [known, first] = youngest.emplace(name, number);
    if (!first) known->second = std::min(known->second, number);
  }
  for (const auto& [name, number] : youngest)
    if (number > 0) fs::rename(run_dir / (name + std::string(kNumber) + std::to_string(number)), run_dir / name, ignored);
}

std::vector<std::string> earlier_attempts(const fs::path& run_dir) {
  constexpr std::string_view kRecord = "run.json";
  std::vector<std::string> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(run_dir, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name != kRecord && numbered(numbered(name, kNumber).first, kRestart).first == kRecord)
      found.push_back(name.substr(kRecord.size()));
  }
  return found;
}

}  // namespace torchport::runtime
