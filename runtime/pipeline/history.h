// The earlier runs of a folder, known by their pipeline.json alone: what was made with which key, and what inputs looked like.
// There is no other index: a run that is deleted is forgotten. Read by the plan and by `torchport runs`.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace torchport::runtime {

/// pipeline.json of one run; `folder` is its name below the runs folder.
struct PastRun {
  std::string folder;
  nlohmann::json record;
  /// A text of the record, or "" where it has none.
  std::string text(const std::string& key) const;
};

/// Reads pipeline.json of a run's folder. \throws std::runtime_error
nlohmann::json read_record(const std::filesystem::path& folder);

/// A text, or a map, of any record; empty where it has none.
std::string text_of(const nlohmann::json& record, const std::string& key);
const nlohmann::json& map_of(const nlohmann::json& record, const std::string& key);

class History {
 public:
  /// Reads `runs`/*/pipeline.json. What cannot be read is left out.
  explicit History(const std::filesystem::path& runs);
  /// The youngest first.
  const std::vector<PastRun>& runs() const { return runs_; }
  /// The youngest record of a finished step with this key whose outputs lie there as they were written, or nullptr.
  const nlohmann::json* finished(const std::string& key) const;
  /// The folders, below the runs folder, of steps with this key that did not come to their end and left checkpoints to go on from,
  /// the youngest first. Those of runs that live are left out.
  std::vector<std::filesystem::path> unfinished(const std::string& key) const;
  /// The youngest record of a step that came to be run or reused, or nullptr.
  const nlohmann::json* last(const std::string& pipeline, const std::string& step) const;
  /// The content's hash of a path that looked like `fingerprint` when it was read, or "".
  std::string content(const std::string& path, const std::string& fingerprint) const;

 private:
  bool whole(const nlohmann::json& step) const;
  std::filesystem::path folder_;
  std::vector<PastRun> runs_;
};

/// Holds a run's folder for as long as the run lives.
class RunLock {
 public:
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  bool held() const { return held_; }

 private:
  int fd_ = -1;
  bool held_ = false;
};

/// "finished", "failed", "stopped", "running", or "lost" of a run that was killed. `runs` is the folder of the runs.
std::string state_of(const PastRun& run, const std::filesystem::path& runs);

}  // namespace torchport::runtime
