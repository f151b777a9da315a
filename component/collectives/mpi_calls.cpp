#include "component/collectives/mpi_calls.h"

#include <dlfcn.h>

#include <atomic>

#include "runtime/module.h"

namespace torchport::component::mpi {
namespace {

constexpr runtime::Module kModule = {"torchport-mpi", "joins processes by MPI", kVersion, "FailedToCompleteOperation.mpi_library"};
std::atomic<const Calls*> the_calls = nullptr;

const Calls* load() {
  auto* const function = reinterpret_cast<CallsFunction*>(runtime::load_function(kModule, "torchport_mpi_calls"));
  // Open MPI loads components of its own, some of which name none of its libraries: they find them among everyone's.
  dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
  return the_calls = function();
}

}  // namespace

const Calls& calls() {
  static const Calls* const found = load();
  return *found;
}

const Calls* loaded() { return the_calls; }

}  // namespace torchport::component::mpi
