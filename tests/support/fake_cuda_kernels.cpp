#include "tests/support/fake_cuda_kernels.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

#include "models/nn/kernels/cuda/launches.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/fake_cuda_memory.h"

namespace torchport::test::fake_cuda {
namespace {

// E.g. "ApplyNorm".
template <class Kernel>
std::string name_of() {
  int failed = 0;
  char* const text = abi::__cxa_demangle(typeid(Kernel).name(), nullptr, nullptr, &failed);
  std::string name = failed == 0 ? text : "kernel";
  std::free(text);
  for (const char* prefix : {"torchport::models::gpu::"}) {
    for (std::size_t at = name.find(prefix); at != std::string::npos; at = name.find(prefix))
      name.erase(at, std::string(prefix).size());
  }
  return name;
}

struct OnStandIn {
  template <class Kernel>
  static const char* start(const Kernel& kernel, int blocks, void* stream) {
    static const std::string name = name_of<Kernel>();
    TORCH_CHECK(reinterpret_cast<c10::StreamId>(stream) == current_stream(), name,
                " is given to another stream than this thread's");
    count(name);
    const auto run = [kernel, blocks] {  // the kernel as it was given: what it points to is the device's
      Work work(name);
      kernel.memory([&](const void* memory, bool writes) { work.open(memory, writes ? Use::write : Use::read); });
      models::gpu::run_on_host(kernel, blocks);
    };
    run();
    if (recording()) record(run);
    return nullptr;
  }

 private:
  static void count(const std::string& name) {
    const std::lock_guard lock(mutex());
    if (is_recorded(current_stream())) return;  // a replay starts all at once
    ++counting().operations;
    ++counting().calls[name.substr(0, name.find('<'))];
  }
};

}  // namespace

const models::CudaKernels& kernels() {
  static const models::CudaKernels table = models::gpu::Launches<OnStandIn>::table();
  return table;
}

}  // namespace torchport::test::fake_cuda
