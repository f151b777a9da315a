#include "runtime/pipeline/history.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/files/files.h"
#include "runtime/launch/run_dir.h"
#include "runtime/pipeline/content.h"
#include "runtime/report/checkpoints.h"
#include "runtime/text/json.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxRecord = std::size_t{16} << 20;

bool came_to_run(const nlohmann::json& step) { return text_of(step, "state") != "waiting"; }

/// The steps of a run, by name.
const nlohmann::json& steps_of(const PastRun& run) { return map_of(run.record, "steps"); }

}  // namespace

nlohmann::json read_record(const fs::path& folder) { return parse_json(read_file(folder / "pipeline.json", kMaxRecord)); }

std::string text_of(const nlohmann::json& record, const std::string& key) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  return found == record.end() || !found->is_string() ? "" : found->get<std::string>();
}

const nlohmann::json& map_of(const nlohmann::json& record, const std::string& key) {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto found = record.is_object() ? record.find(key) : record.end();
  return found == record.end() || !found->is_object() ? nothing : *found;
}

std::string PastRun::text(const std::string& key) const { return text_of(record, key); }

History::History(const fs::path& runs) : folder_(runs) {
  std::error_code ignored;
  for (fs::directory_iterator entry(runs, ignored), end; entry != end; entry.increment(ignored)) {
    if (is_latest(entry->path())) continue;
    try {
      runs_.push_back({entry->path().filename().string(), read_record(entry->path())});
    } catch (const std::exception&) {  // the folder of another kind of run, or a record from elsewhere
    }
  }
  std::sort(runs_.begin(), runs_.end(), [](const PastRun& a, const PastRun& b) {
    return std::pair(b.text("started"), b.folder) < std::pair(a.text("started"), a.folder);
  });
}

bool History::whole(const nlohmann::json& step) const {
  for (const auto& [port, output] : map_of(step, "outputs").items()) {
    try {
      const fs::path path = resolve_inside(folder_, text_of(output, "path"));
      if (look_at(path).fingerprint != text_of(output, "fingerprint")) return false;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  return true;
}

const nlohmann::json* History::finished(const std::string& key) const {
  for (const PastRun& run : runs_) {
    for (const auto& [name, step] : steps_of(run).items()) {
      const std::string state = text_of(step, "state");
      if (text_of(step, "key") == key && (state == "done" || state == "reused") && whole(step)) return &step;
    }
  }
  return nullptr;
}

std::vector<fs::path> History::unfinished(const std::string& key) const {
  std::vector<fs::path> folders;
  for (const PastRun& run : runs_) {
    for (const auto& [name, step] : steps_of(run).items()) {
      const std::string state = text_of(step, "state");
      if (text_of(step, "key") != key || state == "done" || state == "reused" || !came_to_run(step)) continue;
      try {
        const fs::path folder = resolve_inside(folder_, text_of(step, "folder"));
        if (!checkpoints_of(folder).empty() && state_of(run, folder_) != "running") folders.push_back(folder);
      } catch (const std::runtime_error&) {  // a record from elsewhere
      }
    }
  }
  return folders;
}

const nlohmann::json* History::last(const std::string& pipeline, const std::string& step) const {
  for (const PastRun& run : runs_) {
    if (run.text("pipeline") != pipeline) continue;
    const nlohmann::json& steps = steps_of(run);
    if (const auto found = steps.find(step); found != steps.end() && came_to_run(*found)) return &*found;
  }
  return nullptr;
}

std::string History::content(const std::string& path, const std::string& fingerprint) const {
  for (const PastRun& run : runs_) {
    const nlohmann::json& seen = map_of(map_of(run.record, "contents"), path);
    if (!fingerprint.empty() && text_of(seen, "fingerprint") == fingerprint) return text_of(seen, "sha256");
  }
  return "";
}

RunLock::RunLock(const fs::path& folder) : fd_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  held_ = fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) == 0;
}

RunLock::~RunLock() {
  if (fd_ >= 0) close(fd_);
}

std::string state_of(const PastRun& run, const fs::path& runs) {
  const std::string state = run.text("state");
  if (state != "running") return state;
  return RunLock(runs / run.folder).held() ? "lost" : "running";
}

}  // namespace torchport::runtime
