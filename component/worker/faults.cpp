#include "component/worker/faults.h"

#include <c10/util/Exception.h>

#include "component/cuda/module.h"
#include "runtime/error/current_errors.h"

namespace torchport::component {

using runtime::Error;

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / kMebibyte); }

/// Of the GPU that this process uses. \pre the module is loaded
Error out_of_gpu_memory(const cuda::Plugin& plugin, const std::string& reason) {
  cuda::Memory of;
  if (plugin.devices.memory(&of) != 0) return Error("ModuleOutOfMemory.memory", {{"reason", reason}});
  return Error(
      "ModuleOutOfMemory.gpu",
      {{"asked", mebibytes(of.asked)}, {"used", mebibytes(of.used)}, {"free", mebibytes(of.free)}, {"total", mebibytes(of.total)}});
}

/// How LibTorch, cuDNN and cuBLAS begin what the driver told them; the fault itself may be of earlier work.
bool is_of_gpu(const std::string& reason) {
  for (const char* const begin : {"CUDA error: ", "CUDA driver error: ", "cuDNN error: ", "CUBLAS_STATUS_", "CUDNN_STATUS_"})
    if (reason.find(begin) != std::string::npos) return true;
  return false;
}

}  // namespace

std::vector<Error> current_errors() {
  try {
    throw;
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    if (const cuda::Plugin* const plugin = cuda::loaded()) {
      if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return {out_of_gpu_memory(*plugin, reason)};
      if (is_of_gpu(reason)) return {Error("FailedToCompleteOperation.gpu", {{"reason", reason}})};
    }
    if (reason.find("allocate memory") != std::string::npos || reason.find("not enough memory") != std::string::npos)
      return {Error("ModuleOutOfMemory.memory", {{"reason", reason}})};
    return {Error("LibraryException.bug", {{"class", "c10::Error"}, {"reason", reason}})};
  } catch (...) {
    return runtime::current_errors();
  }
}

}  // namespace torchport::component
