// Processes of this machine by Open MPI's mpirun: its command line, its English, its exit statuses.
#include <unistd.h>

#include <cstdlib>

#include "runtime/launch/engine.h"
#include "runtime/launch/processing_units.h"
#include "runtime/watch/message.h"

namespace torchport::runtime {
namespace {

bool set_to_one(const char* variable) {
  const char* const value = std::getenv(variable);
  return value && std::string_view(value) == "1";
}

/// The number that follows `words` in `text` from `at` on, which moves behind it.
std::optional<int> number_after(const std::string& text, std::string_view words, std::size_t& at) {
  const std::size_t found = text.find(words, at);
  if (found == text.npos) return std::nullopt;
  int number = 0;
  const char* const begin = text.data() + found + words.size();
  const auto end = std::from_chars(begin, text.data() + text.size(), number);
  if (end.ec != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(end.ptr - text.data());
  return number;
}

/// Of "Process name: [[57034,1],3]", or "has exited due to process rank 3 with PID 0 on node n exiting improperly".
std::optional<int> exited_rank(const std::string& words) {
  std::size_t at = 0;
  if (const auto rank = number_after(words, "exited due to process rank ", at)) return rank;
  at = words.find("Process name: [[");
  return at == words.npos ? std::nullopt : number_after(words, "],", at);
}

class Mpirun : public Engine {
 public:
  Problems refusals(const Request& request) const override {
    Problems problems;
    const auto count = [&](const char* name) { return request.has_setting(name) ? request.setting<std::int64_t>(name) : 1; };
    const std::int64_t processes = count("process_count_per_node"), nodes = count("node_count");
    const int units = processing_units();
    if (processes > units)
      problems.add(Error("LessThanOrEqualTo.processes", {{"value", std::to_string(processes)}, {"bound", std::to_string(units)}}));
    if (nodes > 1)
      problems.add(Error("LessThanOrEqualTo.nodes", {{"value", std::to_string(nodes)}, {"component", request.component->name}}));
    const bool leave = (request.has_setting("allow_run_as_root") && request.setting<bool>("allow_run_as_root")) ||
                       (set_to_one("OMPI_ALLOW_RUN_AS_ROOT") && set_to_one("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"));
    if (geteuid() == 0 && !leave) problems.add(Error("FailedToCompleteOperation.root"));
    return problems;
  }

  std::vector<std::string> command(const Request& request, const std::vector<std::string>& worker) const override {
    std::vector<std::string> command{"mpirun"};
    if (request.setting<bool>("allow_run_as_root")) command.push_back("--allow-run-as-root");
    // Slots count cores; the number of processes was compared with the processing units, so hardware threads count too.
    command.insert(command.end(), {"--bind-to", "none", "--oversubscribe", "-np"});
    command.push_back(std::to_string(request.setting<std::int64_t>("process_count_per_node")));
    for (const char* const variable : {"TORCHPORT_RUN_DIR", "TORCHPORT_RUN_READY", "TORCHPORT_TERMINAL", kWatchVariable})
      command.insert(command.end(), {"-x", variable});
    command.insert(command.end(), worker.begin(), worker.end());
    return command;
  }

  Error not_started(const std::string&, const std::string& reason) const override {
    return Error("FailedToCompleteOperation.no_mpirun", {{"reason", reason}});
  }

  /// mpirun hands on the exit status of the first process that failed; 1, 110 and those from 126 are its own. Of a signal it says
  /// "noticed that process rank 1 with PID 7 on node n exited on signal 9".
  EngineEnd how_it_ended(int status, const std::string& words) const override {
    EngineEnd end;
    if ((status >= 2 && status <= 15) || status == 70 || status == 75) end.workers_status = status;
    std::size_t at = 0;
    const auto rank = number_after(words, "noticed that process rank ", at);
    const auto signal = rank ? number_after(words, " exited on signal ", at) : std::nullopt;
    if (signal) end.lost_rank = rank;
    end.lost_by = signal.value_or(0);
    end.exited_rank = exited_rank(words);
    return end;
  }
};

}  // namespace

std::unique_ptr<Engine> mpirun() { return std::make_unique<Mpirun>(); }

}  // namespace torchport::runtime
