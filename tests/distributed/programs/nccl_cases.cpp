// Sums by NCCL's functions where these are a test's, driven by nccl_test.py. usage (under mpirun): nccl_cases MODULE LOG CASE
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <cstdio>

#include "component/collectives/mpi.h"
#include "component/collectives/nccl_reducer.h"

using namespace torchport;

namespace {

const c10::Device kGpu(c10::kCUDA, 0);
constexpr double kPatience = 2;

const cuda::Plugin& load(const char* module) {
  void* const library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  return *reinterpret_cast<cuda::PluginFunction*>(dlsym(library, "torchport_cuda_plugin"))();
}

void wait_for_all(component::NcclReducer& reducer) {
  c10::Event over(c10::kCUDA);
  over.record(c10::impl::VirtualGuardImpl(c10::kCUDA).getStream(kGpu));
  reducer.waiter()([&] { return over.query(); });
}

/// Each is handed in before the one before it has ended, and read in the order in which it was handed in.
bool sums_are_right(component::NcclReducer& reducer, int rank) {
  const int n = reducer.size();
  const auto all = static_cast<double>(n) * (n + 1) / 2;
  const at::Tensor first = at::arange(1000, at::kFloat).mul(rank + 1).to(kGpu),
                   second = at::full({3}, rank + 1.0, at::kDouble).to(kGpu);
  const auto one = reducer.sum(first), two = reducer.sum(second);
  one->wait();
  const at::Tensor half = first / 2;  // computed after the sum, without a wait of the host
  two->wait();
  wait_for_all(reducer);
  return half.cpu().equal(at::arange(1000, at::kFloat).mul(all / 2)) && second.cpu().equal(at::full({3}, all, at::kDouble));
}

int run(const char* module, const char* log, const std::string& name) {
  const cuda::Plugin& plugin = load(module);
  component::MpiControl world(0, {.call = kPatience});
  try {
    component::NcclReducer reducer(plugin, kGpu, world, world, log);
    if (name == "probe") std::printf("%d\n", reducer.measured_bandwidth() > 0);
    if (name == "sums") std::printf("%d\n", sums_are_right(reducer, world.rank()));
    if (name == "unequal") {
      const at::Tensor flat = at::full({world.rank() == 1 ? 8 : 4}, 1.0, at::kFloat).to(kGpu);
      const auto pending = reducer.sum(flat);
      wait_for_all(reducer);
    }
  } catch (const runtime::Error& error) {
    std::printf("rank %d: %s\n", world.rank(), error.what());
    for (const auto& [label, value] : error.details()) std::printf("rank %d, %s: %s\n", world.rank(), label.c_str(), value.c_str());
    std::fflush(stdout);
    if (!world.meet(8)) std::_Exit(error.exit_status());
    return error.exit_status();
  }
  return 0;
}

}  // namespace

int main(int, char** argv) {
  const int status = run(argv[1], argv[2], argv[3]);
  std::fflush(stdout);
  std::_Exit(status);  // a call that never returns has a thread
}
