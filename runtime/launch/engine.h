// A way of starting the processes of a run: one file of runtime/launch/engines/ for each, named after it (--engine).
// Asked by launch.cpp, which runs the command, keeps its words and says how the run ended.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/request/request.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

/// What an engine makes of its command's exit status and last words.
struct EngineEnd {
  std::optional<int> workers_status;  ///< the exit status of a rank; absent: a number of the engine's own
  std::optional<int> lost_rank;       ///< a rank that a signal ended, so that it left no word of its own
  int lost_by = 0;                    ///< that signal
  std::optional<int> exited_rank;     ///< the first rank that exited otherwise than well
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// What it would refuse of a request, or do other than asked, in our words.
  virtual Problems refusals(const Request& request) const = 0;
  /// The command that starts `worker` (program and arguments) once for each rank and ends when all have ended. Variables of ours
  /// (TORCHPORT_*) must reach the ranks. Empty: `worker` takes the place of this process.
  virtual std::vector<std::string> command(const Request& request, const std::vector<std::string>& worker) const = 0;
  /// The error of a command, or of a worker in this process's place, that could not be started.
  virtual Error not_started(const std::string& program, const std::string& reason) const = 0;
  /// How a command ended: its `status`, not 0, or 128 and the signal that ended it, and the last `words` of its standard error.
  virtual EngineEnd how_it_ended(int status, const std::string& words) const = 0;
};

/// The generated table of runtime/launch/engines/.
const Table<std::unique_ptr<Engine>()>& engines();

}  // namespace torchport::runtime
