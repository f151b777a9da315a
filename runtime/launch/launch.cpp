#include "runtime/launch/launch.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <mutex>

#include "runtime/error/exit_status.h"
#include "runtime/files/files.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/gathered_logs.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/own_words.h"
#include "runtime/launch/process.h"
#include "runtime/launch/refusal.h"
#include "runtime/launch/run_dir.h"
#include "runtime/launch/watched_engine.h"
#include "runtime/launch/worker_library.h"
#include "runtime/report/checkpoints.h"
#include "runtime/report/error_info.h"
#include "runtime/report/progress_line.h"
#include "runtime/report/run_record.h"
#include "runtime/report/verdict.h"
#include "runtime/request/parse_value.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKeptText = 64 * 1024;  ///< bytes of an engine's last words that are searched for the reason of its end

/// logs/70_mpi_log: all that the engine and the ranks say on standard error, the watcher's warnings, and the verdict. A full disk
/// does not end the run.
class EngineLog {
 public:
  explicit EngineLog(const fs::path& path) : file_(path) {}
  ~EngineLog() {
    guarded([this] { file_.close(); });
  }
  EngineLog(const EngineLog&) = delete;
  EngineLog& operator=(const EngineLog&) = delete;
  void write(std::string_view text) {
    const std::lock_guard lock(mutex_);
    append(text);
  }
  /// Of the watcher, whose thread it comes from; where no rank shows it the terminal gets it from here.
  void warning(const std::string& text, bool shown) {
    const std::lock_guard lock(mutex_);
    append((last_ == '\n' ? "warning: " : "\nwarning: ") + text + "\n");
    if (!shown) write_all(STDERR_FILENO, "warning: " + text + "\n");
  }
  /// The last line: it says so where something before it is missing, and finds its way to the terminal where it has no room either.
  void result(int exit_status, std::optional<int> first_rank, const std::string& cause, const fs::path& checkpoint) {
    const std::string line = result_line(exit_status, first_rank, cause, broken_, checkpoint) + "\n";
    const std::lock_guard lock(mutex_);
    const bool begun = broken_ || last_ != '\n';
    broken_ = false;
    append((begun ? "\n" : "") + line);
    if (broken_) write_all(STDERR_FILENO, line);
  }

 private:
  void append(std::string_view text) {
    if (text.empty() || broken_) return;
    last_ = text.back();
    guarded([&] { file_.write(text); });
  }
  template <class Action>
  void guarded(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      broken_ = true;
      if (std::exchange(told_, true)) return;
      write_all(STDERR_FILENO, std::string("70_mpi_log is incomplete: ") + error.what() + "\n");
    }
  }

  std::mutex mutex_;
  FileWriter file_;
  char last_ = '\n';
  bool broken_ = false, told_ = false;
};

bool any_driver_log(const fs::path& logs) {
  std::error_code ignored;
  for (fs::directory_iterator entry(logs, ignored), end; entry != end; entry.increment(ignored))
    if (rank_in(entry->path().filename().string(), "70_driver_log_", "")) return true;
  return false;
}

/// How a run of an engine's command ended.
struct Ending {
  int exit_status = 0;
  std::optional<int> first_rank;
  std::string cause = "ok";
  std::vector<Error> errors;  ///< none where all is well
  bool untold = false;        ///< no rank has shown them on the terminal
  std::string step = "-";     ///< where the run stood
};

Ending told_by_us(const Error& error, std::optional<int> rank = {}) {
  return {error.exit_status(), rank, cause_of({error}), {error}, true, "-"};
}

/// An engine, its name in the table, and the compute that it is for.
struct Chosen {
  std::string name;
  std::unique_ptr<Engine> engine;
  Compute compute;
};

/// Where programs put temporary files, by the variables that mpirun asks, and why nothing can be written there: its processes meet
/// there, and say little where they cannot.
std::optional<std::pair<std::string, std::string>> temporary_fault() {
  std::string folder = "/tmp";
  for (const char* name : {"TMP", "TEMP", "TMPDIR"})
    if (const char* value = std::getenv(name); value && *value) folder = value;
  std::string file = folder + "/torchport-XXXXXX";
  const int fd = mkstemp(file.data());
  if (fd < 0) return std::pair(folder, std::string(std::strerror(errno)));
  const int error = write_all(fd, std::string(1 << 16, ' '));
  close(fd);
  unlink(file.c_str());
  return error ? std::optional(std::pair(folder, std::string(std::strerror(error)))) : std::nullopt;
}

/// Of a run that ended without a word of any rank.
Ending silent_ending(const Chosen& chosen, const EngineEnd& told, const ChildEnd& end, const fs::path& logs) {
  const std::string log = (logs / "70_mpi_log").string(), status = std::to_string(end.exit_status);
  if (told.error) return told_by_us(*told.error);
  if (told.lost_rank) {
    const Fields fields{{"rank", std::to_string(*told.lost_rank)}, {"signal", std::to_string(told.lost_by)}};
    return told_by_us(Error(told.lost_by == 9 ? "TimeoutOccured.killed" : "TimeoutOccured.lost", fields), told.lost_rank);
  }
  if (told.workers_status == kStorageFull) return told_by_us(Error("FailedToWriteOutputs.unsaid", {{"path", logs.string()}}));
  if (told.workers_status == kOutOfMemory) return told_by_us(Error("ModuleOutOfMemory.unsaid"));
  const bool started = any_driver_log(logs);
  if (const auto fault = started ? std::nullopt : temporary_fault())
    return told_by_us(Error("FailedToWriteOutputs.temporary",
                            {{"engine", chosen.name}, {"path", fault->first}, {"reason", fault->second}, {"log", log}}));
  if (told.exited_rank) {
    const std::string rank = std::to_string(*told.exited_rank);
    return told_by_us(told.workers_status
                          ? Error("TimeoutOccured.exited", {{"rank", rank}, {"status", std::to_string(*told.workers_status)}})
                          : Error("TimeoutOccured.gone", {{"who", "process " + rank}, {"rank", rank}}),
                      told.exited_rank);
  }
  if (!started && !end.signal)
    return told_by_us(Error("FailedToCompleteOperation.engine", {{"engine", chosen.name}, {"status", status}, {"path", log}}));
  const std::string how = end.signal ? "was ended by signal " + std::to_string(end.signal) : "ended with status " + status;
  return told_by_us(Error("TimeoutOccured.engine", {{"engine", chosen.name}, {"how", how}, {"path", log}}));
}

/// Of a run that we were told to stop.
Ending stopped_ending(const ChildEnd& end, const fs::path& logs) {
  const std::string signal = std::to_string(end.told_to_stop);
  const fs::path checkpoint = last_checkpoint(logs.parent_path());
  if (end.exit_status == kCanGoOn && !checkpoint.empty()) {
    Ending saved = told_by_us(Error("FailedToCompleteOperation.saved", {{"signal", signal}, {"path", checkpoint.string()}}));
    saved.untold = false;
    return saved;
  }
  Ending stopped = told_by_us(Error("FailedToCompleteOperation.stopped", {{"signal", signal}}));
  stopped.exit_status = 128 + end.told_to_stop;
  return stopped;
}

Ending ending(const Chosen& chosen, const ChildEnd& end, const std::string& words, const std::optional<WatchedEngine>& watched,
              const fs::path& logs) {
  const Engine& engine = *chosen.engine;
  if (!end.start_error.empty()) return told_by_us(engine.not_started(chosen.name, end.start_error));
  if ((end.signal == 0 && end.exit_status == 0) || (watched && watched->only_engine_hung())) return {};
  if (end.told_to_stop) return stopped_ending(end, logs);
  const EngineEnd told = engine.how_it_ended(end.signal ? 128 + end.signal : end.exit_status, words);
  const std::vector<Failure> failures = read_failures(logs);
  // A rank that waited in vain names another's fault only if nothing names the fault itself.
  const auto cause = std::find_if(failures.begin(), failures.end(),
                                  [](const Failure& failure) { return failure.errors.front().id() != "TimeoutOccured"; });
  if (cause != failures.end())
    return {told.workers_status.value_or(cause->errors.front().exit_status()),
            cause->rank,
            cause_of(cause->errors),
            cause->errors,
            false,
            cause->step};
  if (const auto seen = watched ? watched->failure() : std::nullopt; seen && !told.lost_rank)
    return {kPeerLost, seen->rank == kNoRank ? std::nullopt : std::optional(seen->rank), cause_of(seen->errors), seen->errors, true,
            seen->step};
  if (!told.lost_rank && !failures.empty())
    return {kPeerLost, failures.front().rank, cause_of(failures.front().errors), failures.front().errors,
            false,     failures.front().step};
  return silent_ending(chosen, told, end, logs);
}

Chosen chosen_engine(const Request& request) {
  const bool launched = launched_as().has_value();
  std::string name = request.has_setting("engine") ? request.setting<std::string>("engine") : "auto";
  if (launched && name != "auto" && name != "local") throw Error("FailedToCompleteOperation.launched_engine", {{"engine", name}});
  Compute compute = compute_of(request).value_or(Compute{});
  if (launched && !compute.name.empty()) throw Error("FailedToCompleteOperation.launched_compute", {{"compute", compute.name}});
  if (!compute.name.empty() && name != "auto" && name != compute.engine)
    throw Error("ParameterParsing.compute_engine", {{"engine", name}, {"compute", compute.name}, {"other", compute.engine}});
  if (!compute.name.empty()) name = compute.engine;
  if (launched || name == "auto") name = wants_several_processes(request) && !launched ? "mpirun" : "local";
  std::unique_ptr<Engine> engine = engines().at(name)(compute);
  return {name, std::move(engine), std::move(compute)};
}

/// Leaves the verdict in the run folder, whatever the ranks came to write.
void record(const Ending& result, const fs::path& run_dir, const std::string& component, EngineLog& log) {
  if (!result.errors.empty()) {
    if (result.untold)
      for (const Error& error : result.errors) log.write(error.render(component));
    log.write(fatal_line({result.errors, result.first_rank.value_or(kNoRank), result.step}) + "\n");
    try {
      write_file_atomically(run_dir / "module_statistics/error_info.json", error_info(result.errors));
      const bool stopped = result.exit_status > 128 || result.exit_status == kCanGoOn;
      end_record(run_dir, stopped ? "stopped" : "failed", result.exit_status);
    } catch (const Error& error) {
      write_all(STDERR_FILENO, std::string("the run's record is incomplete: ") + error.what() + "\n");
    }
  }
  const bool well = result.errors.empty();
  log.result(result.exit_status, result.first_rank, result.cause, well ? fs::path() : last_checkpoint(run_dir));
}

/// The last word on the terminal: what the sentence before it leaves open.
std::string where_to_look(const Ending& result, const fs::path& run_dir) {
  std::string logs;
  if (result.first_rank) logs = (run_dir / "logs" / ("70_driver_log_" + std::to_string(*result.first_rank))).string();
  std::error_code ignored;
  logs = fs::exists(logs, ignored) ? logs + " and " : "";
  return "See " + logs + (run_dir / "logs/70_mpi_log").string() + "; torchport explain " + run_dir.string() + " sums them up.\n";
}

/// Ranks on other machines must be able to reach the watcher, so it then listens on all interfaces.
Watcher::Options watching(const Request& request, const std::string& engine, EngineLog& log) {
  const auto nodes = node_count(request), size = nodes * process_count(request);
  const std::string limit = "comm_timeout";  // which single components have not
  const auto& setting = Specs::get().run_setting(limit);
  const auto seconds = request.has_setting(limit) ? request.setting<std::int64_t>(limit)
                                                  : std::get<std::int64_t>(parse_value(setting, setting.default_text.value()));
  return {static_cast<int>(size), static_cast<double>(seconds), engine, nodes == 1,
          [&log](const std::string& text, bool shown) { log.warning(text, shown); }};
}

/// Runs an engine's command, keeping its words and the verdict in the run folder. The terminal gets what the ranks say, and the
/// last word on it is ours.
int run_watched(const Request& request, const Chosen& chosen, const std::vector<std::string>& worker, const RunEndedHere& ended) {
  ignore_write_signals();  // a log that cannot be written must not end the run
  const fs::path run_dir = prepare_run_dir(request, std::nullopt, /*fresh=*/true);
  EngineLog log(run_dir / "logs" / "70_mpi_log");
  setenv("TORCHPORT_RUN_DIR", run_dir.c_str(), 1);
  setenv("TORCHPORT_RUN_READY", "1", 1);
  setenv(kTerminalVariable, isatty(STDOUT_FILENO) ? "1" : "0", /*overwrite=*/0);  // of a pipeline's step the pipeline knows
  mark_run_dir(run_dir);
  forget_launcher();
  GatheredLogs gathered(run_dir);
  std::optional<WatchedEngine> watched;
  if (chosen.engine->watched_from_here())
    watched.emplace(watching(request, chosen.name, log), [&log](const std::string& text) { log.warning(text, false); });
  std::string words;
  OwnWords own;
  const auto take = [&](std::string_view said) {
    const std::string piece = gathered.take(said), ranks = own.take(piece);
    if (watched) watched->read(ranks);
    write_all(STDERR_FILENO, ranks);
    log.write(piece);
    words += piece;
    if (words.size() > 2 * kKeptText) words.erase(0, words.size() - kKeptText);
  };
  const ChildEnd end = chosen.engine->run(request, worker, run_dir, take, [&] { return watched ? watched->order() : 0; });
  if (watched) watched->end();
  write_all(STDERR_FILENO, own.take(gathered.rest()) + own.rest());
  unmark_run_dir(run_dir);
  const Ending result = ending(chosen, end, words, watched, run_dir / "logs");
  const bool silent = !any_driver_log(run_dir / "logs") && !(watched && watched->failure());
  if (result.exit_status == 0 || silent) write_all(STDERR_FILENO, own.held());
  record(result, run_dir, request.component->name, log);
  if (ended) ended(run_dir);
  if (result.untold)
    for (const Error& error : result.errors) write_all(STDERR_FILENO, error.render(request.component->name));
  if (result.exit_status != 0) write_all(STDERR_FILENO, where_to_look(result, run_dir));
  return result.exit_status;
}

}  // namespace

bool wants_several_processes(const Request& request) {
  return request.has_setting("process_count_per_node") && request.has_setting("node_count") &&
         (request.setting<std::int64_t>("process_count_per_node") > 1 || request.setting<std::int64_t>("node_count") > 1);
}

Problems launch_refusals(const Request& request) {
  const Chosen chosen = chosen_engine(request);
  Problems problems = chosen.name == "local" && chosen.compute.name.empty()
                          ? Problems()  // which refuses in words of its own
                          : count_refusals(request, *chosen.engine, chosen.compute);
  const Problems own = chosen.engine->refusals(request);
  for (const Error& error : own.all()) problems.add(error);
  return problems;
}

int launch(const Request& request, const fs::path& worker, const std::vector<std::string>& worker_arguments,
           const RunEndedHere& ended) {
  std::vector<std::string> command{worker.string()};
  command.insert(command.end(), worker_arguments.begin(), worker_arguments.end());
  command.insert(command.end(), {"run", request.component->name});
  command.insert(command.end(), request.arguments.begin(), request.arguments.end());
  Problems problems;
  problems.collect(check_current_folder);
  problems.collect([&] { check_worker_library(worker); });
  problems.collect([&] {
    if (const Problems refused = launch_refusals(request); !launched_as()) refused.throw_if_any();
  });
  if (!problems.empty()) refuse(request, std::move(problems));
  const Chosen chosen = chosen_engine(request);
  if (!chosen.engine->command(request, command).empty()) return run_watched(request, chosen, command, ended);
  throw chosen.engine->not_started(worker.string(), replace_process(worker.string(), command));
}

}  // namespace torchport::runtime
