// Processes of this machine, or of several hosts, by Open MPI's mpirun: its command line, its English, its exit statuses.
#include <unistd.h>

#include <algorithm>

#include <cstdlib>

#include "runtime/error/exit_status.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/hosts.h"
#include "runtime/launch/processing_units.h"
#include "runtime/report/progress_line.h"
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

/// Variables that ranks on other machines do not have by themselves: ours, and what decides on their threads and libraries.
std::vector<std::string> variables_to_send() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable; ++variable) {
    const std::string name(*variable, std::string_view(*variable).find('='));
    if (name.starts_with("TORCHPORT_") || name.starts_with("OMP_") || name == "LD_LIBRARY_PATH") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Mpirun : public Engine {
 public:
  explicit Mpirun(const Compute& compute) : compute_(compute) {}

  Problems refusals(const Request& request) const override {
    Problems problems;
    problems.collect([&] {
      const std::size_t hosts = hosts_of(compute_).size();
      const auto most = compute_.integer("max_nodes");
      if (most && *most > static_cast<std::int64_t>(std::max<std::size_t>(hosts, 1)))
        throw Error("ParameterParsing.compute_setting", {{"compute", compute_.name},
                                                         {"setting", "max_nodes: " + std::to_string(*most)},
                                                         {"reason", "it has " + std::to_string(hosts) + " hosts"}});
    });
    const bool leave = (request.has_setting("allow_run_as_root") && request.setting<bool>("allow_run_as_root")) ||
                       (set_to_one("OMPI_ALLOW_RUN_AS_ROOT") && set_to_one("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"));
    if (geteuid() == 0 && !leave) problems.add(Error("FailedToCompleteOperation.root"));
    return problems;
  }

  std::int64_t max_nodes() const override {
    const auto hosts = static_cast<std::int64_t>(hosts_of(compute_).size());
    return hosts == 0 ? 1 : std::min(hosts, compute_.integer("max_nodes").value_or(hosts));
  }

  std::int64_t processing_units() const override {
    const bool cuda = compute_.text("device") == "cuda";
    const auto given = compute_.integer("processing_units");
    const std::vector<HostOfCompute> hosts = hosts_of(compute_);
    const std::int64_t here = cuda ? gpu_count() : runtime::processing_units();
    if (hosts.empty()) return std::min(here, given.value_or(here));
    std::int64_t units = given.value_or(here);
    for (const HostOfCompute& host : hosts) units = std::min(units, host.slots.value_or(units));
    return units;
  }

  std::vector<std::string> command(const Request& request, const std::vector<std::string>& worker) const override {
    const std::int64_t processes = process_count(request), nodes = node_count(request);
    std::vector<std::string> command{"mpirun"};
    if (request.setting<bool>("allow_run_as_root")) command.emplace_back("--allow-run-as-root");
    // Slots count cores; the number of processes was compared with the processing units, so hardware threads count too.
    command.insert(command.end(), {"--bind-to", "none", "--oversubscribe", "-np", std::to_string(processes * nodes)});
    std::vector<std::string> variables{"TORCHPORT_RUN_DIR", "TORCHPORT_RUN_READY", kTerminalVariable, kWatchVariable};
    if (const std::vector<HostOfCompute> hosts = hosts_of(compute_); !hosts.empty()) {
      std::string names;
      for (std::int64_t i = 0; i < nodes; ++i)
        names += (i > 0 ? "," : "") + hosts.at(static_cast<std::size_t>(i)).name + ":" + std::to_string(processes);
      // Without --wdir a machine that lacks this folder would start its ranks in the home folder instead.
      command.insert(command.end(), {"--host", names, "--map-by", "ppr:" + std::to_string(processes) + ":node", "--wdir",
                                     std::filesystem::current_path().string()});
      for (const std::string& name : variables_to_send())
        if (std::find(variables.begin(), variables.end(), name) == variables.end()) variables.push_back(name);
    }
    for (const std::string& variable : variables) command.insert(command.end(), {"-x", variable});
    command.insert(command.end(), compute_.list("flags").begin(), compute_.list("flags").end());
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
    if ((status >= 2 && status <= 15) || status == 70 || status == kCanGoOn) end.workers_status = status;
    std::size_t at = 0;
    const auto rank = number_after(words, "noticed that process rank ", at);
    const auto signal = rank ? number_after(words, " exited on signal ", at) : std::nullopt;
    if (signal) end.lost_rank = rank;
    end.lost_by = signal.value_or(0);
    end.exited_rank = exited_rank(words);
    return end;
  }

 private:
  Compute compute_;
};

}  // namespace

std::unique_ptr<Engine> mpirun(const Compute& compute) { return std::make_unique<Mpirun>(compute); }

}  // namespace torchport::runtime
