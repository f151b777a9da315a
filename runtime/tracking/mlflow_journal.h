// What a run has to tell MLflow, as files of the run folder: mlflow/1.jsonl, 2.jsonl, ..., one for each time that a training went
// on. A line is a record. All of them are kept, so that a server gets everything whenever it is there. Written by the sink mlflow;
// read by whoever sends.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "runtime/files/files.h"

namespace torchport::runtime {

inline constexpr std::string_view kMlflowFolder = "mlflow";  ///< in the run folder

/// The kinds of records. Times are milliseconds since 1970.
///   start    run, time, name, user, parameters, tags, experiment_name, experiment_id, run_id
///   go_on    time
///   step, epoch, result   time, step, values: numbers, or "NaN", "Infinity", "-Infinity"; at most kMostValues of them
///   artifact file: its name in this folder
///   end      time, status: FINISHED, FAILED or KILLED
using MlflowRecord = nlohmann::ordered_json;
inline constexpr std::size_t kMostValues = 500;

/// Whether a run's folder has a journal.
bool has_mlflow_journal(const std::filesystem::path& folder);

class MlflowWriter {
 public:
  /// Begins the next file of the folder, which is made where it is absent. \throws Error FailedToWriteOutputs
  explicit MlflowWriter(const std::filesystem::path& folder);
  /// At once in the file. \throws Error FailedToWriteOutputs
  void add(const MlflowRecord& record);
  void close() { file_.close(); }

 private:
  FileWriter file_;
};

/// Reads the records one by one, also while they are written.
class MlflowReader {
 public:
  explicit MlflowReader(std::filesystem::path folder) : folder_(std::move(folder)) {}
  /// The next record, or nothing where it has not been written yet. What a killed run left of a line is passed over.
  /// \throws std::runtime_error where it is not a record of ours
  std::optional<nlohmann::json> next();
  /// How many records next() has given.
  std::size_t count() const { return count_; }

 private:
  bool read_more();
  std::filesystem::path folder_;
  int file_ = 1;
  std::uintmax_t read_ = 0;  ///< bytes of that file
  std::string rest_;         ///< of them, what next() has not given
  std::size_t count_ = 0;
};

}  // namespace torchport::runtime
