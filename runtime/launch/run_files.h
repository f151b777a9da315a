// The files of a run folder, and what becomes of each where the folder is used again. Asked by whoever makes room in one, by
// Slurm's job script, by ranks that send their files to another machine, and by what lists runs. Folders move or go on by those who
// write them: checkpoints/ by component/checkpoint/, tb/ and mlflow/ by their sinks.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/report/run_record.h"

namespace torchport::runtime {

/// A file that some program writes into a run folder.
struct RunFile {
  enum Kind {
    record,    ///< an attempt's own
    log,       ///< an attempt's own as well; Slurm's next start of the same job writes on behind what is there
    training,  ///< a training's: an attempt that goes on with it in this folder takes it back
  };
  std::string_view name;  ///< in the run folder; * stands for the number of a rank
  Kind kind;
  bool sent = false;  ///< from a rank on another machine to the launcher's run folder
};

inline constexpr RunFile kRunFiles[] = {
    {"run.json", RunFile::record, true},
    {"metrics.jsonl", RunFile::record, true},
    {"steps.jsonl", RunFile::record, true},
    {"results.csv", RunFile::record, true},
    {"module_statistics/error_info.json", RunFile::record, true},
    {"logs/failure_*.json", RunFile::record, true},
    {"report.html", RunFile::record},
    {"metrics.prom", RunFile::record},
    {"trace_*.json", RunFile::record},
    {kFirstBatchFile, RunFile::training, true},
    {"logs/70_driver_log_*", RunFile::log, true},
    {"logs/70_mpi_log", RunFile::log},
    {"logs/nccl_*", RunFile::log},
    {"logs/job_output", RunFile::log},
    {"logs/job_errors", RunFile::log},
    {"job.sh", RunFile::log},
    {"job.json", RunFile::log},
};

/// The file that a path in a run folder is, such as "logs/failure_1.json"; nothing for any other.
const RunFile* run_file(const std::string& path);

/// Makes room for an attempt: what the one before left gets .1 behind its name, what has a number already the next one. Files with
/// the same number are of the same attempt. \throws Error FailedToWriteOutputs.run_dir
void make_room(const std::filesystem::path& run_dir);

/// For an attempt that goes on with the training of the one before: takes back what that has of it. What cannot be moved is made
/// anew.
void take_back_training(const std::filesystem::path& run_dir);

/// What stands behind the file names of earlier attempts that left a record: ".1", or ".restart1" of a Slurm job's. In no order.
std::vector<std::string> earlier_attempts(const std::filesystem::path& run_dir);

}  // namespace torchport::runtime
