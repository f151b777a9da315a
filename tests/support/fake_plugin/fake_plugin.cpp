// The module for GPUs as tests have it: the stand-in device, and a table that says of it what a test wants.
#include <torch/version.h>

#include <cstdio>

#include "component/cuda/plugin.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/fake_cuda_kernels.h"
#include "tests/support/fake_plugin/fake_nccl.h"
#include "tests/support/fake_plugin/settings.h"

namespace torchport::test::fake_plugin {
namespace {

int fail(const std::string& reason) {
  last_error() = reason;
  return 1;
}

int count(int* devices) {
  *devices = number("gpus", 1);
  const std::string reason = setting("count_fails", "");
  return reason.empty() ? 0 : fail(reason);
}

int versions(int* driver, int* runtime) {
  *driver = number("driver", 13000);
  *runtime = number("runtime", 13000);
  return 0;
}

int properties(int device, cuda::Properties* of) {
  const int capability = number("capability", 90);
  std::snprintf(of->name, sizeof of->name, "%s", setting("name", "Stand-in").c_str());
  const std::string bus = "0000:0" + std::to_string(1 + device + rank()) + ":00.0";  // of one GPU for each process
  std::snprintf(of->bus_id, sizeof of->bus_id, "%s", setting("bus", bus).c_str());
  of->major = capability / 10;
  of->minor = capability % 10;
  of->slice = number("slice", 0) != 0;
  return 0;
}

int use(int) {
  if (const int mebibytes = number("memory", 0); mebibytes > 0) fake_cuda::limit_memory(static_cast<std::size_t>(mebibytes) << 20);
  const std::string reason = setting("use_fails", "");
  return reason.empty() ? 0 : fail(reason);
}

int memory(cuda::Memory* of) {
  const auto memory = fake_cuda::memory_at_failure();
  *of = {memory.limit, memory.limit - memory.used, memory.used, memory.asked};
  return 0;
}

/// The kernels' host form; with `kernel_fails` none that takes moments is started.
const models::CudaKernels* kernels() {
  static const std::string reason = setting("kernel_fails", "");
  static models::CudaKernels table = fake_cuda::kernels();
  if (!reason.empty()) table.moments = [](const models::gpu::Moments&, const models::gpu::Norm*, void*) { return reason.c_str(); };
  return &table;
}

/// The stand-in's graphs. Setting: graphs=fails: none can be recorded, on a rank or on all.
int begin_graph(void** graph, void* like) {
  if (!setting("graphs", "").empty()) return fail("operation not permitted");
  return fake_cuda::graphs().begin(graph, like) == 0 ? 0 : fail(fake_cuda::graph_error());
}
int end_graph(void* graph) { return fake_cuda::graphs().end(graph) == 0 ? 0 : fail(fake_cuda::graph_error()); }
int replay(void* graph) { return fake_cuda::graphs().replay(graph) == 0 ? 0 : fail(fake_cuda::graph_error()); }
void reset_graph(void* graph) { fake_cuda::graphs().reset(graph); }

}  // namespace
}  // namespace torchport::test::fake_plugin

extern "C" {

extern const int torchport_module_version;
const int torchport_module_version = torchport::test::fake_plugin::number("version", torchport::cuda::kVersion);

const torchport::cuda::Plugin* torchport_cuda_plugin() {
  using namespace torchport;
  using namespace torchport::test::fake_plugin;
  static const std::string libtorch = setting("libtorch", TORCH_VERSION);
  static const cuda::Plugin plugin = {libtorch.c_str(),
                                      80,
                                      [] { return last_error().c_str(); },
                                      {count, versions, properties, use, memory},
                                      {begin_graph, end_graph, replay, reset_graph},
                                      nccl(),
                                      kernels()};
  return &plugin;
}
}
