// The program torchport-worker: runs one component on one rank. mpirun, srun and `torchport run` start it.
#include <torch/torch.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <system_error>

#include "component/check.h"
#include "component/collectives/mpi.h"
#include "component/commands/check_data.h"
#include "component/estimate/estimate.h"
#include "component/worker/allocator.h"
#include "runtime/files/files.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/process.h"
#include "runtime/report/error_info.h"
#include "runtime/request/context.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

using runtime::Error;
using Words = std::vector<std::string>;

constexpr double kTimeToAnswer = 600;  ///< seconds that a rank waits for the others
constexpr double kTimeToMeet = 5;  ///< seconds within which a fault that all ranks share reaches all of them

Error out_of_memory(const std::string& reason) { return Error("ModuleOutOfMemory.memory", {{"reason", reason}}); }

/// What the exception that is being handled means to the user.
std::vector<Error> current_errors() {
  try {
    throw;
  } catch (const Error& error) {
    return {error};
  } catch (const runtime::Errors& errors) {
    return errors.all();
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    if (reason.find("allocate memory") != std::string::npos || reason.find("not enough memory") != std::string::npos)
      return {out_of_memory(reason)};
    return {Error("LibraryException.bug", {{"class", "c10::Error"}, {"reason", reason}})};
  } catch (const std::bad_alloc&) {
    return {out_of_memory("an allocation failed")};
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) return {out_of_memory("a thread could not be started")};
    return {runtime::as_bug(error)};
  } catch (const std::exception& error) {
    return {runtime::as_bug(error)};
  }
}

/// Threads that compute: OMP_NUM_THREADS, else this process's share of the processing units.
int compute_threads(const std::optional<runtime::LaunchedAs>& launched, const runtime::Control& world) {
  if (std::getenv("OMP_NUM_THREADS")) return at::get_num_threads();
  const int units = runtime::processing_units();
  return launched && launched->bound ? units : std::max(1, units / world.local_size());
}

/// Whether a progress bar can be drawn. Under a launcher standard output only looks like a terminal; `torchport run` knows.
bool on_terminal(const std::optional<runtime::LaunchedAs>& launched) {
  if (const char* const said = std::getenv("TORCHPORT_TERMINAL")) return std::string_view(said) == "1";
  return !launched && isatty(STDOUT_FILENO);
}

/// One run on one rank, from the first log line to the last.
class Run {
 public:
  Run(const runtime::Request& request, const std::optional<runtime::LaunchedAs>& launched, runtime::Control& world)
      : request_(request),
        world_(world),
        first_(world.rank() == 0),
        run_dir_(make_run_dir(launched)),
        record_(request, world.size()) {
    world_.agree_on([&] {
      const std::string name = "70_driver_log_" + std::to_string(world_.rank());
      log_ =
          std::make_unique<runtime::Log>(runtime::Log::Options{run_dir_ / "logs" / name, first_, first_ && on_terminal(launched)});
      if (first_) events_ = runtime::Events({run_dir_, log_.get()});
    });
    start(launched);
  }

  /// Runs the component and returns the exit status.
  int run(const std::vector<Error>& problems) {
    std::vector<Error> errors;
    try {
      world_.agree_on_errors(problems);
      runtime::WorldOfOne alone;
      const bool distributed = request_.component->distributed;
      runtime::Context context{request_, distributed ? world_ : alone, *log_, events_, record_, run_dir_};
      if (distributed || first_) functions().at(request_.component->function)(context);
      if (first_) write_records({});
      return 0;
    } catch (...) {
      errors = current_errors();
    }
    return fail(errors);
  }

 private:
  std::filesystem::path make_run_dir(const std::optional<runtime::LaunchedAs>& launched) {
    std::filesystem::path run_dir;
    const bool fresh = !std::getenv("TORCHPORT_RUN_DIR");  // else the launcher has made room in it
    world_.agree_on([&] {
      if (first_) run_dir = runtime::prepare_run_dir(request_, launched, fresh);
    });
    world_.agree_on([&] {
      if (!first_) run_dir = runtime::prepare_run_dir(request_, launched, false);
    });
    return run_dir;
  }

  void start(const std::optional<runtime::LaunchedAs>& launched) {
    const int threads = compute_threads(launched, world_);
    at::set_num_threads(threads);
    log_->info("torchport " + runtime::version() + ", " + request_.component->name + ", process " + std::to_string(getpid()) +
               ", rank " + std::to_string(world_.rank()) + " of " + std::to_string(world_.size()) + ", " + std::to_string(threads) +
               (threads == 1 ? " thread" : " threads") + ", run folder " + run_dir_.string());
    const int units = runtime::processing_units();
    const auto share = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) / std::max(1, world_.local_size());
    if (launched && launched->bound && units < share)
      log_->warning("The launcher bound this process to " + std::to_string(units) + " of its share of " + std::to_string(share) +
                    " processing units: mpirun --bind-to none gives it all of them.");
    record_.set_version("libtorch", TORCH_VERSION);
    record_.set_version("mpi", mpi_version());
    record_.set("threads", threads);
    if (first_) world_first([&] { record_.save(run_dir_); });
  }

  /// Bookkeeping of rank 0 that must not end a run.
  template <class Action>
  void world_first(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      log_->warning(error.what());
    }
  }

  void write_records(const std::vector<Error>& errors) {
    const std::string info = runtime::error_info(errors);
    runtime::write_file_atomically(run_dir_ / "module_statistics/error_info.json", info);
    events_.send({"upload_file", "module_statistics/error_info.json", {{"content", info}}});
    for (const auto& [port, path] : request_.inputs) record_.hash_input(port, path);
    record_.set("exit_status", errors.empty() ? 0 : errors.front().exit_status());
    record_.save(run_dir_);
  }

  int fail(const std::vector<Error>& errors) {
    const int status = errors.front().exit_status();
    const bool agreed = world_.first_failing_rank() >= 0;
    const std::string block = runtime::render_all(errors, request_.component->name);
    std::istringstream lines(block);
    for (std::string line; std::getline(lines, line);) log_->raw(line);
    log_->raw(runtime::fatal_line(errors, agreed ? world_.first_failing_rank() : world_.rank(), events_.position()));
    const bool shared = agreed || world_.meet(kTimeToMeet);
    if (first_ || !shared) {
      log_->progress("");
      std::cerr << block << std::flush;
      world_first([&] { write_records(errors); });
    }
    if (!shared) world_.abort(status);  // the others wait for this rank, in vain
    return status;
  }

  const runtime::Request& request_;
  runtime::Control& world_;
  bool first_;
  std::filesystem::path run_dir_;
  runtime::RunRecord record_;
  std::unique_ptr<runtime::Log> log_;
  runtime::Events events_;
};

int run_component(const std::string& name, const Words& arguments) {
  const runtime::ComponentSpec& component = runtime::Specs::get().component(name);
  const auto launched = runtime::launched_as();
  runtime::Problems problems;
  const runtime::Request request = checked_request(component, arguments, problems);
  const auto world = join_world(launched, kTimeToAnswer);
  std::optional<Run> run;
  try {
    run.emplace(request, launched, *world);
  } catch (...) {  // there is no log to write to
    const std::vector<Error> errors = current_errors();
    if (world->rank() == 0) std::cerr << runtime::render_all(errors, component.name) << std::flush;
    if (world->first_failing_rank() < 0 && !world->meet(kTimeToMeet)) world->abort(errors.front().exit_status());
    return errors.front().exit_status();
  }
  return run->run(problems.all());
}

int run_check_data(const Words& words) {
  try {
    const CommandResult result = check_data(words);
    std::cout << result.text << std::flush;
    return result.exit_status;
  } catch (...) {
    const std::vector<Error> errors = current_errors();
    std::cerr << runtime::render_all(errors, "check-data") << std::flush;
    return errors.front().exit_status();
  }
}

int run_estimate(const Words& words, const Words& worker_arguments) {
  const std::string subject = words.empty() ? "estimate" : runtime::visible(words.front());
  try {
    const std::filesystem::path worker = std::filesystem::read_symlink("/proc/self/exe");
    const runtime::CommandLine cli{check_request, worker.parent_path() / "torchport", worker, std::cout, std::cerr};
    std::cout << estimate(cli, words, worker_arguments) << std::flush;
    return 0;
  } catch (...) {
    const std::vector<Error> errors = current_errors();
    std::cerr << runtime::render_all(errors, subject) << std::flush;
    return errors.front().exit_status();
  }
}

void print_versions() {
  const std::string commit = runtime::commit();
  std::cout << "torchport-worker " << runtime::version() << (commit.empty() ? "" : " (commit " + commit + ")") << "\nLibTorch "
            << TORCH_VERSION << "\n"
            << mpi_version() << "\n";
}

int dispatch(Words words) {
  if (words.size() == 1 && words[0] == "--version") {
    print_versions();
    return 0;
  }
  Words worker_arguments;
  if (words.size() >= 2 && words[0] == "--spec-dir") {
    worker_arguments = {words[0], words[1]};
    runtime::Specs::set_overlay(words[1]);
    words.erase(words.begin(), words.begin() + 2);
  }
  if (!words.empty() && words[0] == "check-data") return run_check_data(Words(words.begin() + 1, words.end()));
  if (!words.empty() && words[0] == "estimate") return run_estimate(Words(words.begin() + 1, words.end()), worker_arguments);
  if (words.size() >= 2 && words[0] == "run") return run_component(words[1], Words(words.begin() + 2, words.end()));
  std::cerr
      << "usage: torchport-worker [--spec-dir DIR] run COMPONENT FLAGS | check-data DIR | estimate PIPELINE.yaml | --version\n"
         "One rank of a component; torchport run starts it, and torchport --help tells more.\n";
  return 2;
}

}  // namespace
}  // namespace torchport::component

int main(int argc, char** argv) {
  using namespace torchport;
  component::keep_freed_memory();
  runtime::ignore_write_signals();
  int status = 0;
  try {
    status = component::dispatch({argv + 1, argv + argc});
  } catch (...) {
    const auto errors = component::current_errors();
    std::cerr << runtime::render_all(errors, "torchport-worker");
    status = errors.front().exit_status();
  }
#ifdef __SANITIZE_ADDRESS__
  return status;  // leaks are looked for at exit
#else
  // All that we own is closed by now. LibTorch would take its thousands of operators out of their tables, one by one, for 0.1 s.
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(status);
#endif
}
