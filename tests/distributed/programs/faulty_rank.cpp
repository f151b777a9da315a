// Stands in for torchport-worker where launch_test.py and tests/cluster/ test the launcher: joins the world, writes its driver log
// and ends as the variable FAULT says.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "component/collectives/mpi.h"
#include "runtime/launch/launched_as.h"
#include "runtime/report/log.h"
#include "runtime/report/verdict.h"

using namespace torchport;
using runtime::Error;

namespace {

std::filesystem::path logs() { return std::filesystem::path(std::getenv("TORCHPORT_RUN_DIR")) / "logs"; }

/// What the worker leaves of a failure.
int fail(const Error& error, runtime::Control& world, runtime::Log& log, int blamed) {
  const runtime::Failure failure{{error}, blamed, "1.7"};
  runtime::write_failure(logs(), world.rank(), failure);
  log.raw(runtime::fatal_line(failure));
  return error.exit_status();
}

int act(const std::string& fault, runtime::Control& world, runtime::Log& log) {
  const bool guilty = world.rank() == 1;
  if (fault == "agreed") {
    try {
      world.agree_on([&] {
        if (world.rank() > 0)
          throw Error("InvalidDataset.no_images", {{"what", "dataset of rank " + std::to_string(world.rank())}});
      });
    } catch (const Error& error) {
      return fail(error, world, log, world.first_failing_rank());
    }
  }
  if (guilty && fault == "killed") raise(SIGKILL);
  if (guilty && fault == "aborted") std::abort();
  if (guilty && fault == "quiet") _exit(5);
  if (fault == "preempted" && !std::getenv("SLURM_RESTART_COUNT")) return 75;  // as with a checkpoint
  if (guilty && fault == "full") _exit(11);  // as on a full disk, which has no room for its error either
  if (guilty && fault == "stuck") raise(SIGSTOP);
  if (guilty && (fault == "alone" || fault == "late")) {
    const int status = fail(Error("ModuleOutOfMemory.memory", {{"reason", "a \"test\""}}), world, log, 1);
    if (fault == "late") raise(SIGSTOP);  // the others wait for it in vain
    world.abort(status);
  }
  try {
    if (fault == "slow" && world.rank() == 0) {
      std::cerr << "waiting\n" << std::flush;
      pause();
    }
    world.barrier();
  } catch (const Error& error) {
    world.abort(fail(error, world, log, world.rank()));
  }
  return 0;
}

}  // namespace

int main() {
  const auto launched = runtime::launched_as();
  const std::string fault = std::getenv("FAULT") ? std::getenv("FAULT") : "";
  component::MpiControl world(launched ? launched->size : 1, {.call = fault == "stuck" || fault == "late" ? 2.0 : 60.0});
  runtime::Log log({logs() / ("70_driver_log_" + std::to_string(world.rank())), false});
  log.info("process " + std::to_string(getpid()) + ", rank " + std::to_string(world.rank()));
  world.barrier();
  return act(fault, world, log);
}
