// Stands in for torchport-worker where launch_test.py and tests/cluster/ test the launcher: joins the world, writes its driver log
// and ends as the variable FAULT says.
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "component/collectives/mpi.h"
#include "component/worker/watched.h"
#include "runtime/launch/launched_as.h"
#include "runtime/report/log.h"
#include "runtime/report/verdict.h"
#include "runtime/watch/standing.h"

using namespace torchport;
using runtime::Error;

namespace {

std::filesystem::path logs() { return std::filesystem::path(std::getenv("TORCHPORT_RUN_DIR")) / "logs"; }

/// What the worker leaves of a failure.
int fail(const Error& error, runtime::Control& world, runtime::Log& log, int blamed, component::Watched& watched) {
  watched.report_to({});
  const runtime::Failure failure{{error}, blamed, "1.7"};
  runtime::write_failure(logs(), world.rank(), failure);
  log.raw(runtime::fatal_line(failure));
  return error.exit_status();
}

/// Comes to the barrier when the test has made the file GO.
void wait_for_file() {
  while (access(std::getenv("GO"), F_OK) != 0) poll(nullptr, 0, 20);
}

/// On rank 1, before there is a world.
void act_early(const std::string& fault) {
  if (fault == "ends early") _exit(0);
  if (fault == "stuck early") raise(SIGSTOP);
}

int act(const std::string& fault, runtime::Control& world, runtime::Log& log, component::Watched& watched) {
  const bool guilty = world.rank() == 1;
  if (fault == "agreed") {
    try {
      world.agree_on([&] {
        if (world.rank() > 0)
          throw Error("InvalidDataset.no_images", {{"what", "dataset of rank " + std::to_string(world.rank())}});
      });
    } catch (const Error& error) {
      return fail(error, world, log, world.first_failing_rank(), watched);
    }
  }
  if (guilty && fault == "killed") raise(SIGKILL);
  if (guilty && fault == "aborted") std::abort();
  if (guilty && fault == "quiet") _exit(5);
  if (fault == "preempted" && !std::getenv("SLURM_RESTART_COUNT")) return 75;  // as with a checkpoint
  if (guilty && fault == "as if all were well") _exit(0);
  if (guilty && fault == "full") _exit(11);  // as on a full disk, which has no room for its error either
  if (guilty && fault == "stuck") raise(SIGSTOP);
  if (world.rank() == 0 && fault == "first stuck") raise(SIGSTOP);
  if (guilty && fault == "late") wait_for_file();
  if (guilty && (fault == "alone" || fault == "alone, then stuck")) {
    const int status = fail(Error("ModuleOutOfMemory.memory", {{"reason", "a \"test\""}}), world, log, 1, watched);
    if (fault == "alone, then stuck") raise(SIGSTOP);  // the others wait for it in vain
    world.abort(status);
  }
  try {
    if (fault == "slow" && world.rank() == 0) {
      std::cerr << "waiting\n" << std::flush;
      pause();
    }
    world.barrier();
  } catch (const Error& error) {
    world.abort(fail(error, world, log, world.rank(), watched));
  }
  return 0;
}

int run(const std::optional<runtime::LaunchedAs>& launched, const std::string& fault, component::Watched& watched) {
  if (launched && launched->rank == 1) act_early(fault);
  const char* const seconds = std::getenv("TIMEOUT");
  const double timeout = seconds ? std::stod(seconds) : 60;
  watched.limit(timeout);
  component::MpiControl world(launched ? launched->size : 1, {.call = timeout + component::kWatchersLead});
  watched.share(world);
  runtime::Log log({logs() / ("70_driver_log_" + std::to_string(world.rank())), false});
  log.info("process " + std::to_string(getpid()) + ", rank " + std::to_string(world.rank()));
  runtime::standing().enter(runtime::Phase::working);
  watched.report_to({[&](const std::string& text) { log.warning(text); },
                     [&](const runtime::Failure& failure) {
                       runtime::write_failure(logs(), world.rank(), failure);
                       log.raw(runtime::fatal_line(failure));
                     }});
  world.barrier();
  const int status = act(fault, world, log, watched);
  watched.report_to({});
  if (world.rank() == 1 && fault == "stuck at the end") raise(SIGSTOP);
  return status;
}

}  // namespace

int main() {
  const auto launched = runtime::launched_as();
  const std::string fault = std::getenv("FAULT") ? std::getenv("FAULT") : "";
  if (launched && launched->rank == 1 && fault == "never begins") raise(SIGSTOP);
  component::Watched watched(launched);
  return watched.bye(run(launched, fault, watched));
}
