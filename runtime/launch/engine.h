// A way of starting the processes of a run: one file of runtime/launch/engines/ for each, named after it (--engine).
// Asked by launch.cpp, which runs the command, keeps its words and says how the run ended.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/launch/compute.h"
#include "runtime/launch/process.h"
#include "runtime/request/request.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

/// What an engine makes of its command's exit status and last words.
struct EngineEnd {
  std::optional<int> workers_status;  ///< the exit status of a rank; absent: a number of the engine's own
  std::optional<int> lost_rank;       ///< a rank that a signal ended, so that it left no word of its own
  int lost_by = 0;                    ///< that signal
  std::optional<int> exited_rank;     ///< the first rank that exited otherwise than well
  std::optional<Error> error;         ///< why the engine itself ended the run, where its words say so
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// What it would refuse of a request, or do other than asked, in our words; not the counts, which count_refusals compares.
  virtual Problems refusals(const Request& request) const = 0;
  /// The most nodes of a run, and the most processes on each. \throws Error where a file that says so has faults
  virtual std::int64_t max_nodes() const = 0;
  virtual std::int64_t processing_units() const = 0;
  /// The command that starts `worker` (program and arguments) once for each rank and ends when all have ended. Variables of ours
  /// (TORCHPORT_*) must reach the ranks. Empty: `worker` takes the place of this process.
  virtual std::vector<std::string> command(const Request& request, const std::vector<std::string>& worker) const = 0;
  /// Whether the ranks tell the process that starts them where they stand. Those of a job that waits in a queue, and goes on
  /// without that process, tell rank 0.
  virtual bool watched_from_here() const { return true; }
  /// Runs that command, hands on each piece of its standard error, and waits for its end; a signal to stop is handed on. What it
  /// needs to leave goes to `run_dir`, an absolute path. `order` as run_child has it; it is 0 where nothing is watched from here.
  virtual ChildEnd run(const Request& request, const std::vector<std::string>& worker, const std::filesystem::path& run_dir,
                       const std::function<void(std::string_view)>& on_text, const std::function<int()>& order) const;
  /// The error of a command, or of a worker in this process's place, that could not be started.
  virtual Error not_started(const std::string& program, const std::string& reason) const = 0;
  /// How a command ended: its `status`, not 0, or 128 and the signal that ended it, and the last `words` of its standard error.
  virtual EngineEnd how_it_ended(int status, const std::string& words) const = 0;
};

/// The generated table of runtime/launch/engines/: each makes itself for a compute, whose name is empty where none was named.
const Table<std::unique_ptr<Engine>(const Compute&)>& engines();

/// The number of a request's nodes and of its processes on each: 1 where its component has no such setting.
std::int64_t node_count(const Request& request);
std::int64_t process_count(const Request& request);

/// More nodes or processes than `engine`, of `compute`, has.
Problems count_refusals(const Request& request, const Engine& engine, const Compute& compute);

/// The GPUs of this machine.
int gpu_count();

}  // namespace torchport::runtime
