#include "component/worker/run.h"

#include <torch/torch.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "component/check.h"
#include "component/collectives/mpi.h"
#include "component/report/report.h"
#include "component/worker/faults.h"
#include "component/worker/stop.h"
#include "component/worker/watched.h"
#include "runtime/equal_ranks.h"
#include "runtime/error/exit_status.h"
#include "runtime/files/files.h"
#include "runtime/files/reservation.h"
#include "runtime/host_name.h"
#include "runtime/launch/gathered_logs.h"
#include "runtime/launch/processing_units.h"
#include "runtime/launch/refusal.h"
#include "runtime/launch/run_dir.h"
#include "runtime/launch/run_files.h"
#include "runtime/report/error_info.h"
#include "runtime/report/progress_line.h"
#include "runtime/report/verdict.h"
#include "runtime/request/context.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"
#include "runtime/text/utc.h"
#include "runtime/version.h"
#include "runtime/watch/message.h"
#include "runtime/watch/standing.h"

namespace torchport::component {
namespace {

using runtime::Error;
using runtime::LaunchedAs;

constexpr double kTimeToMeet = 5;  ///< seconds within which a fault that all ranks share reaches all of them

/// A run setting, or its default where the component does not take it or the value given is at fault, which is reported later.
template <class T>
T setting_or_default(const runtime::Request& request, std::string_view name) {
  if (request.has_setting(name)) return request.setting<T>(name);
  const runtime::ParameterSpec& setting = runtime::Specs::get().run_setting(name);
  return std::get<T>(runtime::parse_value(setting, setting.default_text.value()));
}

/// How long the other ranks are waited for. A component that one rank computes keeps the others waiting at its end, however long.
Patience patience(const runtime::Request& request) {
  Patience patience;
  patience.call = static_cast<double>(setting_or_default<std::int64_t>(request, "comm_timeout")) + kWatchersLead;
  if (request.component->distributed) patience.end = patience.call;
  patience.at_end = [seconds = patience.end] {
    std::cerr << runtime::formatted("The run is done, but another process did not end within %g s.\n", seconds) << std::flush;
  };
  return patience;
}

bool on_gpu(const runtime::Request& request) { return request.has("device") && request.get<std::string>("device") == "cuda"; }

/// Threads that compute: OMP_NUM_THREADS, else this process's share of the processing units.
int compute_threads(const std::optional<LaunchedAs>& launched, const runtime::Control& world) {
  if (std::getenv("OMP_NUM_THREADS")) return at::get_num_threads();
  return runtime::processing_units_of(launched, world.local_size());
}

/// Whether a progress bar can be drawn. Under a launcher standard output only looks like a terminal; `torchport run` knows.
bool on_terminal(const std::optional<LaunchedAs>& launched) {
  if (const char* const said = std::getenv(runtime::kTerminalVariable)) return std::string_view(said) == "1";
  return !launched && isatty(STDOUT_FILENO);
}

/// From the first log line to the last.
class Run {
 public:
  Run(const runtime::Request& request, const std::optional<LaunchedAs>& launched, runtime::Control& world, Watched& watched)
      : request_(request),
        world_(world),
        watched_(watched),
        first_(world.rank() == 0),
        alone_(!launched && world.size() == 1),
        quiet_(setting_or_default<bool>(request, "quiet")),
        run_dir_(make_run_dir(launched)),
        record_(request, world.size()) {
    if (runtime::is_far(run_dir_)) runtime::send_driver_log(true);
    world_.agree_on([&] {
      const std::string name = "70_driver_log_" + std::to_string(world_.rank());
      log_ = std::make_unique<runtime::Log>(
          runtime::Log::Options{run_dir_ / "logs" / name, first_, first_ && on_terminal(launched), quiet_});
      if (!first_) return;
      const auto sinks = runtime::split(setting_or_default<std::string>(request_, "sinks"), ',');
      events_ = runtime::Events(runtime::make_sinks(sinks, {run_dir_, log_.get()}));
    });
    start(launched);
    // Our launcher tells itself how a run ended, whichever rank its engine stops on the way.
    if (!std::getenv("TORCHPORT_RUN_READY")) stop_.emplace([this](int signal) { stopped(signal); });
    runtime::standing().enter(runtime::Phase::working);
    watched_.report_to(
        {[this](const std::string& text) { log_->warning(text); }, [this](const runtime::Failure& failure) { ended(failure); }});
  }
  ~Run() { watched_.report_to({}); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Runs the component and returns the exit status.
  int run(const std::vector<Error>& problems) {
    std::vector<Error> errors;
    try {
      if (!problems.empty() && alone_) or_warn([&] { runtime::record_refusal(run_dir_, request_.component->name, problems); });
      world_.agree_on_errors(problems);
      runtime::check_equal(world_, runtime::facts_of(request_));
      runtime::Reservations reserved;  // until the end: another run to the same place is refused at its start
      world_.agree_on([&] {
        if (!first_) return;
        for (const auto& [port, path] : request_.outputs) reserved.add(path);
      });
      runtime::WorldOfOne alone;
      const bool distributed = request_.component->distributed;
      runtime::Context context{request_, distributed ? world_ : alone, *log_, events_, record_, run_dir_, position_};
      if (distributed || first_) functions().at(request_.component->function)(context);
      stop_.reset();
      if (first_) {  // what was made is whole, with or without a record
        or_warn([&] { write_records({}); });
        events_.ended({});
        send_records();
        leave_own_report();
        for (const auto& [port, path] : request_.outputs)  // what a script goes on with
          if (quiet_) std::cout << path.string() << std::endl;
      }
      return 0;
    } catch (...) {
      errors = current_errors();
    }
    return fail(errors);
  }

 private:
  std::filesystem::path make_run_dir(const std::optional<LaunchedAs>& launched) {
    std::filesystem::path run_dir;
    const bool fresh = !std::getenv("TORCHPORT_RUN_READY");  // else our launcher has made room in it
    world_.agree_on([&] {
      if (first_) run_dir = runtime::prepare_run_dir(request_, launched, fresh);
    });
    world_.agree_on([&] {
      if (!first_) run_dir = runtime::prepare_run_dir(request_, launched, false);
    });
    return run_dir;
  }

  void start(const std::optional<LaunchedAs>& launched) {
    const int threads = compute_threads(launched, world_);
    at::set_num_threads(threads);
    log_->info("torchport " + runtime::version() + ", " + request_.component->name + ", process " + std::to_string(getpid()) +
               ", rank " + std::to_string(world_.rank()) + " of " + std::to_string(world_.size()) + ", " + std::to_string(threads) +
               (threads == 1 ? " thread" : " threads") + ", host " + runtime::host_name() + ", run folder " + run_dir_.string());
    if (launched) log_->info(units_text(launched->bound));
    if (runtime::is_far(run_dir_)) log_->info("This machine has a run folder of its own: its logs go to that of torchport, too.");
    const int units = runtime::processing_units();
    const auto share = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) / std::max(1, world_.local_size());
    if (launched && launched->bound && units < share)
      log_->warning("The launcher bound this process to " + std::to_string(units) + " of its share of " + std::to_string(share) +
                    " processing units: mpirun --bind-to none gives it all of them.");
    record_.set_version("libtorch", TORCH_VERSION);
    if (world_.size() > 1) record_.set_version("mpi", mpi_version());
    record_.set("threads", threads);
    if (!first_) return;
    for (const runtime::ValueNote& note : request_.notes)
      note.warning ? log_->warning(note.text + ".") : log_->info(note.text + ".");
    or_warn([&] { record_.save(run_dir_); });
    events_.started({request_, world_.size(), record_.versions()});
  }

  /// Which processing units this process may use, and who else.
  std::string units_text(bool bound) const {
    const int others = world_.local_size() - 1;
    const std::string list = runtime::processing_unit_list(), count = std::to_string(others);
    if (bound) return "The launcher bound this process to the processing units " + list + ".";
    if (others == 0) return "Processing units " + list + ", which no other process of the run has.";
    return "Processing units " + list + ", not bound: " + (others == 1 ? "1 other process" : count + " other processes") +
           " of the run may use them, too.";
  }

  /// Bookkeeping, which must not end a run.
  template <class Action>
  void or_warn(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      log_->warning(error.what());
    }
  }

  void write_records(const std::vector<Error>& errors) {
    for (const auto& [port, path] : request_.inputs) record_.hash_input(port, path);
    const int status = errors.empty() ? 0 : errors.front().exit_status();
    write_end(errors, status == 0 ? "finished" : status == runtime::kCanGoOn ? "stopped" : "failed", status);
  }

  /// Where our launcher is on another machine, and the disk is not shared.
  void send_records() const {
    for (const runtime::RunFile& file : runtime::kRunFiles)
      if (file.sent && file.name.find('*') == file.name.npos) runtime::send_file(run_dir_ / file.name);
  }

  /// Our launcher, where there is one, leaves it when all processes have ended.
  void leave_own_report() {
    if (!first_ || std::getenv("TORCHPORT_RUN_READY")) return;
    if (const std::string why = leave_report(run_dir_); !why.empty()) log_->warning(why);
  }

  void write_end(const std::vector<Error>& errors, const char* state, int exit_status) {
    runtime::write_file_atomically(run_dir_ / "module_statistics/error_info.json", runtime::error_info(errors));
    record_.set("state", state);
    record_.set("exit_status", exit_status);
    record_.set("ended", runtime::utc_text());
    record_.save(run_dir_);
  }

  /// What is left to say when a signal ends the process; the run goes on meanwhile. Of several ranks the first keeps the records.
  void stopped(int signal) {
    const Error error("FailedToCompleteOperation.stopped", {{"signal", std::to_string(signal)}});
    log_->progress("");
    log_->warning(std::string(error.what()) + ".");
    log_->raw(runtime::fatal_line({{error}, world_.rank(), position_.text()}));
    if (first_) or_warn([&] { write_end({error}, "stopped", 128 + signal); });
  }

  /// For programs, and as the last line of the log.
  void leave(const runtime::Failure& failure) {
    or_warn([&] { runtime::write_failure(run_dir_ / "logs", world_.rank(), failure); });
    runtime::send_file(run_dir_ / "logs" / ("failure_" + std::to_string(world_.rank()) + ".json"));
    log_->raw(runtime::fatal_line(failure));
  }

  /// The watcher says that the job is over; the run stands still or waits meanwhile.
  void ended(const runtime::Failure& failure) {
    log_->progress("");
    for (const Error& error : failure.errors) log_->error(std::string(error.what()) + ".");
    leave(failure);
    if (first_) or_warn([&] { write_end(failure.errors, "failed", failure.errors.front().exit_status()); });
  }

  int fail(const std::vector<Error>& errors) {
    stop_.reset();
    watched_.report_to({});  // what comes after this failure does not replace it
    runtime::standing().enter(runtime::Phase::failing);
    const int status = errors.front().exit_status();
    const bool agreed = world_.first_failing_rank() >= 0;
    const runtime::Failure failure{errors, agreed ? world_.first_failing_rank() : world_.rank(), position_.text()};
    const std::string block = runtime::render_all(errors, request_.component->name);
    std::istringstream lines(block);
    for (std::string line; std::getline(lines, line);) log_->raw(line);
    leave(failure);
    const bool shared = agreed || world_.meet(kTimeToMeet);
    if (first_ || !shared) {
      log_->progress("");
      std::cerr << block << std::flush;
      or_warn([&] { write_records(errors); });
      events_.ended({errors});
      send_records();
      leave_own_report();
    }
    if (!shared) world_.abort(status);  // the others wait for this rank, in vain
    return status;
  }

  const runtime::Request& request_;
  runtime::Control& world_;
  Watched& watched_;
  bool first_, alone_, quiet_;
  std::filesystem::path run_dir_;
  runtime::RunRecord record_;
  std::unique_ptr<runtime::Log> log_;
  runtime::Events events_;
  runtime::Position& position_ = runtime::standing().position;
  std::optional<StopAction> stop_;
};

/// Under somebody else's launcher the numbers of nodes and processes are what it made of them: others would be recorded, but not
/// so.
void check_world(const runtime::Request& request, const runtime::Control& world, runtime::Problems& problems) {
  const std::pair<const char*, int> counts[] = {{"node_count", world.size() / std::max(1, world.local_size())},
                                                {"process_count_per_node", world.local_size()}};
  for (const auto& [name, found] : counts) {
    const auto given = request.run_settings.find(name);
    if (given == request.run_settings.end() || given->second.origin == "default") continue;
    const auto wanted = std::get<std::int64_t>(given->second.value);
    if (wanted == found) continue;
    problems.add(Error("FailedToCompleteOperation.launched_otherwise", {{"flag", runtime::Specs::get().run_setting(name).flag},
                                                                        {"value", std::to_string(wanted)},
                                                                        {"found", std::to_string(found)},
                                                                        {"size", std::to_string(world.size())}}));
  }
}

/// Shows why a request is not even begun; the exit status.
int refused(const runtime::Request& request, runtime::Problems problems) {
  try {
    runtime::refuse(request, std::move(problems));
  } catch (...) {
    const std::vector<Error> errors = current_errors();
    std::cerr << runtime::render_all(errors, request.component->name) << std::flush;
    return errors.front().exit_status();
  }
}

/// From the request to MPI_Finalize.
int run_as_rank(const runtime::ComponentSpec& component, const std::vector<std::string>& arguments,
                const std::optional<LaunchedAs>& launched, Watched& watched) {
  runtime::standing().enter(runtime::Phase::checking);
  runtime::Problems problems;
  const runtime::Request request = checked_request(component, arguments, problems);
  if (!launched && !problems.empty() && !runtime::names_run_dir(request)) return refused(request, std::move(problems));
  const auto timeout = static_cast<double>(setting_or_default<std::int64_t>(request, "comm_timeout"));
  watched.limit(timeout);
  std::unique_ptr<runtime::Control> world;
  runtime::Problems alone;  // that the launcher's other processes do not know of
  if (!alone.collect([&] { world = join_world(launched, patience(request), on_gpu(request)); }))
    return refused(request, std::move(alone));
  if (launched) check_world(request, *world, problems);
  std::optional<Run> run;
  try {
    watched.share(*world);
    run.emplace(request, launched, *world, watched);
  } catch (...) {  // there is no log to write to
    const std::vector<Error> errors = current_errors();
    if (world->rank() == 0) std::cerr << runtime::render_all(errors, component.name) << std::flush;
    if (world->first_failing_rank() < 0 && !world->meet(kTimeToMeet)) world->abort(errors.front().exit_status());
    return errors.front().exit_status();
  }
  const int status = run->run(problems.all());
  runtime::standing().enter(runtime::Phase::ending);
  return status;
}

}  // namespace

int run_component(const std::string& name, const std::vector<std::string>& arguments) {
  const runtime::ComponentSpec& component = runtime::Specs::get().component(name);
  const auto launched = runtime::launched_as();
  Watched watched(launched);
  return watched.bye(run_as_rank(component, arguments, launched, watched));
}

}  // namespace torchport::component
