// run.json: what ran, with which values from where, on what versions and inputs, and how it ended. Written by rank 0.
#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "runtime/request/request.h"

namespace torchport::runtime {

/// Beside run.json, of a training: what its first batch looked like. Written by the trainer, shown by the report.
inline constexpr const char* kFirstBatchFile = "first_batch.json";

/// Collects facts during the run; save() writes `<run_dir>/run.json` whole or not at all. Thread-safe: a signal may end the run at
/// any time.
class RunRecord {
 public:
  RunRecord() = default;
  RunRecord(const Request& request, int world_size);
  /// Any fact under a key of its own, e.g. set("best_epoch", 3).
  void set(const std::string& key, nlohmann::json value);
  /// Versions of what the program was built with and runs on, e.g. set_version("libtorch", "2.11.0").
  void set_version(const std::string& library, const std::string& version);
  /// SHA-256 over the files that identify an input: every file of a model, the index and schema of an image directory.
  /// Of raw photos and archives only the first gigabyte in 1,000 files; `not_hashed` counts the others.
  void hash_input(const std::string& port, const std::filesystem::path& input);
  std::map<std::string, std::string> versions() const { return record_["versions"]; }
  void save(const std::filesystem::path& run_dir) const;

 private:
  nlohmann::json record_;
  mutable std::mutex mutex_;
};

/// Whether a record (run.json) calls its run running although the process that wrote it is gone.
bool has_died(const nlohmann::json& record);

/// Writes how a run ended into the run.json that its rank 0 left, if it did. \throws Error FailedToWriteOutputs
void end_record(const std::filesystem::path& run_dir, const std::string& state, int exit_status);

}  // namespace torchport::runtime
