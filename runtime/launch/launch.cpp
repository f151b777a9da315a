// Starting the worker: in place of this process, or as several processes under an mpirun that is watched.
#include <unistd.h>

#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/process.h"
#include "runtime/report/verdict.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kCauseLimit = 3000;     ///< bytes of a cause in the RESULT line
constexpr std::size_t kKeptText = 64 * 1024;  ///< bytes of mpirun's last words that are searched for the reason of its end
constexpr int kPeerLost = 13;

/// logs/70_mpi_log: all that mpirun and the ranks say on standard error, and the RESULT line. A full disk does not end the run.
class MpiLog {
 public:
  explicit MpiLog(const fs::path& path) : file_(path) {}
  ~MpiLog() {
    guarded([this] { file_.close(); });
  }
  MpiLog(const MpiLog&) = delete;
  MpiLog& operator=(const MpiLog&) = delete;
  void write(std::string_view text) {
    if (text.empty()) return;
    last_ = text.back();
    guarded([&] { file_.write(text); });
  }
  void result(int exit_status, std::optional<int> first_rank, const std::string& cause) {
    write((last_ == '\n' ? "" : "\n") + result_line(exit_status, first_rank, cause) + "\n");
  }

 private:
  template <class Action>
  void guarded(Action&& action) {
    try {
      if (!broken_) action();
    } catch (const Error& error) {
      broken_ = true;
      const std::string text = std::string("70_mpi_log is incomplete: ") + error.what() + "\n";
      [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, text.data(), text.size());
    }
  }

  FileWriter file_;
  char last_ = '\n';
  bool broken_ = false;
};

bool set_to_one(const char* variable) {
  const char* const value = std::getenv(variable);
  return value && std::string_view(value) == "1";
}

std::vector<std::string> mpirun_command(const Request& request, const std::vector<std::string>& worker) {
  std::vector<std::string> command{"mpirun"};
  if (request.setting<bool>("allow_run_as_root")) command.push_back("--allow-run-as-root");
  // Slots count cores; the number of processes was compared with the processing units, so hardware threads count too.
  command.insert(command.end(), {"--bind-to", "none", "--oversubscribe", "-np"});
  command.push_back(std::to_string(request.setting<std::int64_t>("process_count_per_node")));
  for (const char* const variable : {"TORCHPORT_RUN_DIR", "TORCHPORT_TERMINAL"}) command.insert(command.end(), {"-x", variable});
  command.insert(command.end(), worker.begin(), worker.end());
  return command;
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

/// The process that a signal ended, and the signal, in mpirun's words: "process rank 1 with PID 7 on node n exited on signal 9".
std::optional<std::pair<int, int>> lost_process(const std::string& text) {
  std::size_t at = 0;
  const auto rank = number_after(text, "noticed that process rank ", at);
  const auto signal = rank ? number_after(text, " exited on signal ", at) : std::nullopt;
  if (!signal) return std::nullopt;
  return std::pair(*rank, *signal);
}

bool any_driver_log(const fs::path& logs) {
  std::error_code ignored;
  for (fs::directory_iterator entry(logs, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("70_driver_log_") && name.find('.') == name.npos) return true;
  }
  return false;
}

/// How a run of several processes ended.
struct Ending {
  int exit_status = 0;
  std::optional<int> first_rank;
  std::string cause = "ok";
  std::optional<Error> untold;  ///< what no rank has shown on the terminal
};

Ending told_by_us(Error error, std::optional<int> rank) {
  const int exit_status = error.exit_status();
  std::string cause = cause_of({error}, kCauseLimit);
  return {exit_status, rank, std::move(cause), std::move(error)};
}

/// mpirun hands on the exit status of the first process that failed; 1 and those from 126 are its own.
bool is_a_workers(int status) { return (status >= 2 && status <= 15) || status == 70 || status == 75; }

Ending ending(const ChildEnd& end, const std::string& text, const fs::path& run_dir) {
  const fs::path logs = run_dir / "logs";
  if (!end.start_error.empty()) return told_by_us(Error("FailedToCompleteOperation.no_mpirun", {{"reason", end.start_error}}), {});
  if (end.told_to_stop) return {128 + end.told_to_stop, {}, "stopped by signal " + std::to_string(end.told_to_stop), {}};
  if (end.signal == 0 && end.exit_status == 0) return {};
  const int status = end.signal ? 128 + end.signal : end.exit_status;
  const std::vector<Fatal> fatals = read_fatals(logs);
  // A rank that waited in vain names another's fault only if nobody names the fault itself.
  const auto cause =
      std::find_if(fatals.begin(), fatals.end(), [](const Fatal& f) { return f.error_class != "TimeoutOccuredError"; });
  if (cause != fatals.end()) return {is_a_workers(status) ? status : 70, cause->rank, cause->cause, {}};
  if (const auto lost = lost_process(text)) {
    const auto [rank, signal] = *lost;
    const Fields fields{{"rank", std::to_string(rank)}, {"signal", std::to_string(signal)}};
    return told_by_us(Error(signal == 9 ? "TimeoutOccured.killed" : "TimeoutOccured.lost", fields), rank);
  }
  if (!fatals.empty()) return {kPeerLost, fatals.front().rank, fatals.front().cause, {}};
  if (!any_driver_log(logs))
    return told_by_us(
        Error("FailedToCompleteOperation.mpirun", {{"status", std::to_string(status)}, {"path", (logs / "70_mpi_log").string()}}),
        {});
  return told_by_us(Error("LibraryException.silent", {{"status", std::to_string(status)}, {"path", logs.string()}}), {});
}

int launch_several(const Request& request, const std::vector<std::string>& worker) {
  ignore_write_signals();  // a log that cannot be written must not end the run
  const fs::path run_dir = prepare_run_dir(request, std::nullopt, /*fresh=*/true);
  MpiLog log(run_dir / "logs" / "70_mpi_log");
  const Problems problems = launch_refusals(request);
  if (!problems.empty()) {
    for (const Error& error : problems.all()) log.write(error.render(request.component->name));
    log.result(problems.all().front().exit_status(), std::nullopt, cause_of(problems.all(), kCauseLimit));
    problems.throw_if_any();
  }
  setenv("TORCHPORT_RUN_DIR", run_dir.c_str(), 1);
  setenv("TORCHPORT_TERMINAL", isatty(STDOUT_FILENO) ? "1" : "0", 1);
  std::string text;
  const ChildEnd end = run_child(mpirun_command(request, worker), [&](std::string_view piece) {
    [[maybe_unused]] const ssize_t shown = ::write(STDERR_FILENO, piece.data(), piece.size());
    log.write(piece);
    text += piece;
    if (text.size() > 2 * kKeptText) text.erase(0, text.size() - kKeptText);
  });
  const Ending result = ending(end, text, run_dir);
  if (result.untold) log.write(result.untold->render(request.component->name));
  log.result(result.exit_status, result.first_rank, result.cause);
  if (result.untold) throw Error(*result.untold);
  return result.exit_status;
}

}  // namespace

bool wants_several_processes(const Request& request) {
  return request.has_setting("process_count_per_node") && request.has_setting("node_count") &&
         (request.setting<std::int64_t>("process_count_per_node") > 1 || request.setting<std::int64_t>("node_count") > 1);
}

Problems launch_refusals(const Request& request) {
  if (!wants_several_processes(request)) return {};
  Problems problems;
  const std::int64_t processes = request.setting<std::int64_t>("process_count_per_node");
  const std::int64_t nodes = request.setting<std::int64_t>("node_count");
  const int units = processing_units();
  if (processes > units)
    problems.add(Error("LessThanOrEqualTo.processes", {{"value", std::to_string(processes)}, {"bound", std::to_string(units)}}));
  if (nodes > 1)
    problems.add(Error("LessThanOrEqualTo.nodes", {{"value", std::to_string(nodes)}, {"component", request.component->name}}));
  const bool leave = request.setting<bool>("allow_run_as_root") ||
                     (set_to_one("OMPI_ALLOW_RUN_AS_ROOT") && set_to_one("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"));
  if (geteuid() == 0 && !leave) problems.add(Error("FailedToCompleteOperation.root"));
  return problems;
}

int launch(const Request& request, const fs::path& worker, const std::vector<std::string>& worker_arguments) {
  std::vector<std::string> command{worker.string()};
  command.insert(command.end(), worker_arguments.begin(), worker_arguments.end());
  command.insert(command.end(), {"run", request.component->name});
  command.insert(command.end(), request.arguments.begin(), request.arguments.end());
  if (wants_several_processes(request) && !launched_as()) return launch_several(request, command);
  const std::string reason = replace_process(worker.string(), command);
  throw Error("FailedToCompleteOperation.no_worker", {{"path", worker.string()}, {"reason", reason}});
}

}  // namespace torchport::runtime
