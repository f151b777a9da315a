#include "runtime/launch/launch.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/process.h"
#include "runtime/launch/run_dir.h"
#include "runtime/report/verdict.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKeptText = 64 * 1024;  ///< bytes of an engine's last words that are searched for the reason of its end
constexpr int kStorage = 11, kPeerLost = 13, kBug = 70;

/// logs/70_mpi_log: all that the engine and the ranks say on standard error, and the RESULT line. A full disk does not end the run.
class EngineLog {
 public:
  explicit EngineLog(const fs::path& path) : file_(path) {}
  ~EngineLog() {
    broken_ = false;  // what was written before stays
    guarded([this] { file_.close(); });
  }
  EngineLog(const EngineLog&) = delete;
  EngineLog& operator=(const EngineLog&) = delete;
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
  std::optional<Error> untold;  ///< what no rank has shown on the terminal
};

Ending told_by_us(Error error, std::optional<int> rank) {
  const int exit_status = error.exit_status();
  std::string cause = cause_of({error});
  return {exit_status, rank, std::move(cause), std::move(error)};
}

/// An engine and its name in the table.
struct Chosen {
  std::string name;
  std::unique_ptr<Engine> engine;
};

Ending ending(const Chosen& chosen, const ChildEnd& end, const std::string& words, const fs::path& logs) {
  const Engine& engine = *chosen.engine;
  if (!end.start_error.empty()) return told_by_us(engine.not_started(chosen.name, end.start_error), {});
  if (end.told_to_stop) return {128 + end.told_to_stop, {}, "stopped by signal " + std::to_string(end.told_to_stop), {}};
  if (end.signal == 0 && end.exit_status == 0) return {};
  const int status = end.signal ? 128 + end.signal : end.exit_status;
  const EngineEnd told = engine.how_it_ended(status, words);
  const std::vector<Failure> failures = read_failures(logs);
  // A rank that waited in vain names another's fault only if nothing names the fault itself.
  const auto cause = std::find_if(failures.begin(), failures.end(),
                                  [](const Failure& failure) { return failure.errors.front().id() != "TimeoutOccured"; });
  if (cause != failures.end()) return {told.workers_status.value_or(kBug), cause->rank, cause_of(cause->errors), {}};
  if (told.lost_rank) {
    const Fields fields{{"rank", std::to_string(*told.lost_rank)}, {"signal", std::to_string(told.lost_by)}};
    return told_by_us(Error(told.lost_by == 9 ? "TimeoutOccured.killed" : "TimeoutOccured.lost", fields), told.lost_rank);
  }
  if (!failures.empty()) return {kPeerLost, failures.front().rank, cause_of(failures.front().errors), {}};
  if (told.workers_status == kStorage) return told_by_us(Error("FailedToWriteOutputs.unsaid", {{"path", logs.string()}}), {});
  if (any_driver_log(logs))
    return told_by_us(Error("LibraryException.silent", {{"status", std::to_string(status)}, {"path", logs.string()}}), {});
  return told_by_us(Error("FailedToCompleteOperation.engine",
                          {{"engine", chosen.name}, {"status", std::to_string(status)}, {"path", (logs / "70_mpi_log").string()}}),
                    {});
}

Chosen chosen_engine(const Request& request) {
  const bool launched = launched_as().has_value();
  std::string name = request.has_setting("engine") ? request.setting<std::string>("engine") : "auto";
  if (launched && name != "auto" && name != "local") throw Error("FailedToCompleteOperation.launched_engine", {{"engine", name}});
  if (launched || name == "auto") name = wants_several_processes(request) && !launched ? "mpirun" : "local";
  return {name, engines().at(name)()};
}

/// Runs an engine's command, keeping its words and the verdict in the run folder.
int run_watched(const Request& request, const Chosen& chosen, const std::vector<std::string>& worker) {
  ignore_write_signals();  // a log that cannot be written must not end the run
  const fs::path run_dir = prepare_run_dir(request, std::nullopt, /*fresh=*/true);
  EngineLog log(run_dir / "logs" / "70_mpi_log");
  const Problems problems = chosen.engine->refusals(request);
  if (!problems.empty()) {
    for (const Error& error : problems.all()) log.write(error.render(request.component->name));
    log.result(problems.all().front().exit_status(), std::nullopt, cause_of(problems.all()));
    problems.throw_if_any();
  }
  setenv("TORCHPORT_RUN_DIR", run_dir.c_str(), 1);
  setenv("TORCHPORT_TERMINAL", isatty(STDOUT_FILENO) ? "1" : "0", 1);
  std::string words;
  const ChildEnd end = run_child(chosen.engine->command(request, worker), [&](std::string_view piece) {
    [[maybe_unused]] const ssize_t shown = ::write(STDERR_FILENO, piece.data(), piece.size());
    log.write(piece);
    words += piece;
    if (words.size() > 2 * kKeptText) words.erase(0, words.size() - kKeptText);
  });
  const Ending result = ending(chosen, end, words, run_dir / "logs");
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

Problems launch_refusals(const Request& request) { return chosen_engine(request).engine->refusals(request); }

int launch(const Request& request, const fs::path& worker, const std::vector<std::string>& worker_arguments) {
  std::vector<std::string> command{worker.string()};
  command.insert(command.end(), worker_arguments.begin(), worker_arguments.end());
  command.insert(command.end(), {"run", request.component->name});
  command.insert(command.end(), request.arguments.begin(), request.arguments.end());
  const Chosen chosen = chosen_engine(request);
  if (!chosen.engine->command(request, command).empty()) return run_watched(request, chosen, command);
  if (!launched_as()) chosen.engine->refusals(request).throw_if_any();
  throw chosen.engine->not_started(worker.string(), replace_process(worker.string(), command));
}

}  // namespace torchport::runtime
