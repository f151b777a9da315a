// Jobs of a Slurm cluster: a script for sbatch that calls srun, Slurm's English, its exit statuses.
#include <cstring>

#include "runtime/error/exit_status.h"
#include "runtime/files/files.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/slurm_job.h"
#include "runtime/launch/slurm_script.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr int kLastSignal = 31;

/// What srun says of a task: "srun: error: n1: task 1: Killed", "srun: error: n[1-2]: tasks 0-1: Exited with exit code 5".
struct TaskEnd {
  int rank = 0;
  std::string how;
};

std::optional<TaskEnd> read_task_end(const std::string& line) {
  if (!line.starts_with("srun: error: ")) return std::nullopt;
  const std::size_t task = line.find(": task");
  if (task == line.npos) return std::nullopt;
  const std::size_t digits = line.find_first_of("0123456789", task), colon = line.find(": ", task + 2);
  if (digits == line.npos || colon == line.npos || digits > colon) return std::nullopt;
  TaskEnd end{0, line.substr(colon + 2)};
  std::from_chars(line.data() + digits, line.data() + colon, end.rank);
  return end;
}

int signal_called(const std::string& name) {
  for (int signal = 1; signal <= kLastSignal; ++signal)
    if (name.starts_with(strsignal(signal))) return signal;
  return 0;
}

/// The last state that job_line told, and its job.
std::pair<std::string, std::string> last_state(const std::string& words) {
  const std::string begin = "Slurm job ";
  const std::size_t found = words.rfind(begin);
  if (found == words.npos) return {};
  const std::size_t colon = words.find(": ", found), end = words.find('\n', found);
  if (colon == words.npos || colon > end) return {};
  const std::string state = words.substr(colon + 2, end - colon - 2);
  return {words.substr(found + begin.size(), colon - found - begin.size()), state.substr(0, state.find(','))};
}

std::optional<Error> error_of_state(const std::string& job, const std::string& state) {
  static const std::map<std::string, const char*> reasons = {
      {"TIMEOUT", "TimeoutOccured.slurm_timeout"},     {"DEADLINE", "TimeoutOccured.slurm_timeout"},
      {"CANCELLED", "TimeoutOccured.slurm_cancelled"}, {"PREEMPTED", "TimeoutOccured.slurm_cancelled"},
      {"REVOKED", "TimeoutOccured.slurm_cancelled"},   {"NODE_FAIL", "TimeoutOccured.slurm_node"},
      {"BOOT_FAIL", "TimeoutOccured.slurm_node"},      {"UNKNOWN", "TimeoutOccured.slurm_unknown"},
      {"OUT_OF_MEMORY", "ModuleOutOfMemory.slurm"}};
  const auto found = reasons.find(state);
  return found == reasons.end() ? std::nullopt : std::optional(Error(found->second, {{"job", job}, {"state", state}}));
}

/// Minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on, as sbatch's manual has them; or UNLIMITED.
bool is_time_limit(const std::string& text) {
  const std::size_t dash = text.find('-');
  const std::vector<std::string> numbers = split(text.substr(dash == text.npos ? 0 : dash + 1), ':');
  const auto digits = [](const std::string& one) { return !one.empty() && one.find_first_not_of("0123456789") == one.npos; };
  return text == "UNLIMITED" || (numbers.size() <= 3 && std::all_of(numbers.begin(), numbers.end(), digits) &&
                                 (dash == text.npos || digits(text.substr(0, dash))));
}

class Slurm : public Engine {
 public:
  explicit Slurm(const Compute& compute) : compute_(compute) {}

  Problems refusals(const Request&) const override {
    Problems problems;
    if (compute_.name.empty()) problems.add(Error("FailedToCompleteOperation.slurm_without_compute"));
    const std::string limit = compute_.text("time_limit");
    if (!limit.empty() && !is_time_limit(limit))
      problems.add(fault("time_limit: " + limit, "that is no time, such as 90 (minutes), 02:00:00 or 1-12"));
    return problems;
  }

  bool watched_from_here() const override { return false; }
  std::int64_t max_nodes() const override { return declared("max_nodes"); }
  std::int64_t processing_units() const override { return declared("processing_units"); }

  std::vector<std::string> command(const Request& request, const std::vector<std::string>&) const override {
    return sbatch_command(request, compute_, std::filesystem::path());
  }

  ChildEnd run(const Request& request, const std::vector<std::string>& worker, const std::filesystem::path& run_dir,
               const std::function<void(std::string_view)>& on_text, const std::function<int()>&) const override {
    const std::vector<std::string> sbatch = sbatch_command(request, compute_, run_dir);
    try {
      write_file_atomically(run_dir / kJobScript, job_script(request, compute_, worker, run_dir, sbatch));
    } catch (const Error& error) {
      on_text(std::string(error.what()) + "\n");
      ChildEnd end;
      end.exit_status = 1;
      return end;
    }
    return run_job(sbatch, run_dir, on_text);
  }

  Error not_started(const std::string&, const std::string& reason) const override {
    return Error("FailedToCompleteOperation.no_sbatch", {{"reason", reason}});
  }

  EngineEnd how_it_ended(int status, const std::string& words) const override {
    EngineEnd end;
    if ((status >= 2 && status <= 15) || status == 70 || status == kCanGoOn) end.workers_status = status;
    const auto [job, state] = last_state(words);
    end.error = error_of_state(job, state);
    if (job.empty()) {
      const std::size_t begin = words.rfind("sbatch: error: ");
      const std::string said = begin == words.npos ? words : words.substr(begin + std::strlen("sbatch: error: "));
      end.error = Error("FailedToCompleteOperation.no_job", {{"reason", said.substr(0, said.find('\n'))}});
    }
    const std::size_t last_attempt = words.rfind(kRestarted);
    std::istringstream lines(last_attempt == words.npos ? words : words.substr(last_attempt));
    for (std::string line; std::getline(lines, line);) {
      const auto task = read_task_end(line);
      if (!task) continue;
      end.lost_by = signal_called(task->how);
      (end.lost_by ? end.lost_rank : end.exited_rank) = task->rank;
      const std::string exited = "Exited with exit code ";  // srun's own status is the highest of all tasks'
      if (task->how.starts_with(exited)) end.workers_status = std::atoi(task->how.c_str() + exited.size());
      break;  // the first is to blame: srun ends the others
    }
    return end;
  }

 private:
  Error fault(const std::string& setting, const std::string& reason) const {
    return Error("ParameterParsing.compute_setting", {{"compute", compute_.name}, {"setting", setting}, {"reason", reason}});
  }
  /// Slurm's nodes are not this machine, which says nothing of them.
  std::int64_t declared(const char* setting) const {
    const auto value = compute_.integer(setting);
    if (!value && !compute_.name.empty()) throw fault(std::string("no ") + setting, "the engine slurm needs it");
    return value.value_or(std::numeric_limits<std::int64_t>::max());
  }

  Compute compute_;
};

}  // namespace

std::unique_ptr<Engine> slurm(const Compute& compute) { return std::make_unique<Slurm>(compute); }

}  // namespace torchport::runtime
