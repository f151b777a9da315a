#include "component/training/choose_device.h"

#include <ATen/Context.h>
#include <sys/statvfs.h>

#include <array>
#include <cstdlib>

#include "component/collectives/gpu_facts.h"
#include "component/collectives/nccl_log.h"
#include "component/cuda/module.h"
#include "models/nn/device/device_kernels.h"
#include "runtime/host_name.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace {

using runtime::Error;
using runtime::Fields;

/// CUDA's way to write 13.0 as 13000, or NCCL's 2.28.9 as 22809.
std::string cuda_version(int version) { return runtime::formatted("%d.%d", version / 1000, version % 1000 / 10); }
std::string nccl_version(int version) {
  return runtime::formatted("%d.%d.%d", version / 10000, version % 10000 / 100, version % 100);
}
std::string capability_text(int major, int minor) { return runtime::formatted("%d.%d", major, minor); }

std::string visible_devices() {
  const char* const said = std::getenv("CUDA_VISIBLE_DEVICES");
  return said ? "CUDA_VISIBLE_DEVICES is '" + std::string(said) + "'" : "CUDA_VISIBLE_DEVICES is not set";
}

void check(const cuda::Plugin& plugin, int result) {
  if (result != 0) throw Error("FailedToCompleteOperation.gpu", {{"reason", plugin.error()}});
}

/// How many GPUs this process sees. \throws Error no_driver, old_driver, no_gpu
int count_gpus(const cuda::Plugin& plugin, GpuFacts& facts) {
  int driver = 0, runtime = 0, count = 0;
  check(plugin, plugin.devices.versions(&driver, &runtime));
  const bool failed = plugin.devices.count(&count) != 0;
  const std::string reason = failed ? plugin.error() : "";
  if (driver == 0) throw Error("FailedToCompleteOperation.no_driver", {{"reason", reason}});
  facts.driver = "CUDA " + cuda_version(driver);
  if (failed && driver < runtime)
    throw Error("FailedToCompleteOperation.old_driver",
                {{"found", cuda_version(driver)}, {"wanted", cuda_version(runtime)}, {"reason", reason}});
  if (failed) throw Error("FailedToCompleteOperation.gpu", {{"reason", reason}});
  if (count == 0) throw Error("FailedToCompleteOperation.no_gpu", {{"visible", visible_devices()}});
  return count;
}

/// What this rank has; without a GPU where it sees fewer than there are processes.
GpuFacts look(const cuda::Plugin& plugin, const runtime::Control& control) {
  GpuFacts facts;
  facts.rank = control.rank();
  facts.host = runtime::host_name();
  facts.visible = count_gpus(plugin, facts);
  facts.libtorch = plugin.libtorch;
  if (control.size() > 1) {
    int version = 0;
    plugin.nccl.version(&version);
    facts.nccl = nccl_version(version);
    struct statvfs space {};
    if (statvfs("/dev/shm", &space) == 0) facts.shared_memory = static_cast<std::int64_t>(space.f_bavail * space.f_frsize);
  }
  const int index = gpu_of(facts.visible, control.local_rank());
  if (index >= facts.visible) return facts;
  cuda::Properties of;
  check(plugin, plugin.devices.properties(index, &of));
  facts.bus_id = of.bus_id;
  facts.slice = of.slice;
  facts.gpu = std::string(of.name) + ", compute capability " + capability_text(of.major, of.minor);
  if (of.major * 10 + of.minor < plugin.least_capability) {
    throw Error("FailedToCompleteOperation.gpu_capability",
                {{"gpu", of.name},
                 {"found", capability_text(of.major, of.minor)},
                 {"wanted", capability_text(plugin.least_capability / 10, plugin.least_capability % 10)}});
  }
  return facts;
}

/// Of this process from now on. Numbers are those of float32 where nothing else is asked for, also in convolutions, and cuDNN tries
/// its ways to compute each of them once.
void use(const cuda::Plugin& plugin, int index) {
  check(plugin, plugin.devices.use(index));
  models::use_device_kernels(plugin.kernels);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setBenchmarkCuDNN(true);
}

}  // namespace

Device choose_gpu(runtime::Control& control, runtime::Log& log) {
  GpuFacts mine;
  const cuda::Plugin* plugin = nullptr;
  control.agree_on([&] {
    plugin = &cuda::plugin();
    mine = look(*plugin, control);
  });
  const auto all = gathered(mine, control);
  control.agree_on_errors(faults_of(all));
  for (const auto& warning : warnings_of(all)) log.warning(warning);
  const int index = gpu_of(mine.visible, control.local_rank());
  control.agree_on([&] { use(*plugin, index); });
  log.info("Device: GPU " + std::to_string(index) + " of " + std::to_string(mine.visible) + ", " + mine.gpu + ", PCI " +
           mine.bus_id + ", driver for " + mine.driver + (mine.nccl.empty() ? "." : ", NCCL " + mine.nccl + "."));
  return Device(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)), mine.gpu, plugin);
}

Device choose_device(const runtime::Context& ctx, const std::string& choice) {
  if (choice != "cuda") return Device();
  if (ctx.control.size() > 1) tune_nccl(nccl_log(ctx.run_dir, ctx.control.rank()));
  Device device = choose_gpu(ctx.control, ctx.log);
  ctx.record.set("device", device.name());
  return device;
}

}  // namespace torchport::component
