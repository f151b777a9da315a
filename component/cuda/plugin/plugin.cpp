// The module's table (component/cuda/plugin.h), and what runtime/module.h asks of a module.
#include "component/cuda/plugin.h"

#include <torch/version.h>

#include "component/cuda/plugin/devices.h"
#include "component/cuda/plugin/graphs.h"
#include "component/cuda/plugin/last_error.h"
#include "component/cuda/plugin/nccl.h"
#include "models/nn/kernels/cuda/device_table.h"

namespace torchport::cuda {

constexpr int kLeastCapability = 80;  // CMakeLists.txt: sm_80

std::string& last_error() {
  static thread_local std::string reason;
  return reason;
}

}  // namespace torchport::cuda

extern "C" {

extern const int torchport_module_version;
const int torchport_module_version = torchport::cuda::kVersion;

const torchport::cuda::Plugin* torchport_cuda_plugin() {
  using namespace torchport::cuda;
  static const Plugin plugin = {TORCH_VERSION, kLeastCapability, [] { return last_error().c_str(); },         devices(),
                                graphs(),      nccl(),           &torchport::models::device_kernels_of_nvcc()};
  return &plugin;
}
}
