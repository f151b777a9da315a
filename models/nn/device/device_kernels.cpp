#include "models/nn/device/device_kernels.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <string>

#include "runtime/error/error.h"

namespace torchport::models {
namespace {
std::atomic<const CudaKernels*> chosen{nullptr};  // of the process, because a backward pass runs on threads of its own
}  // namespace

void use_device_kernels(const CudaKernels* kernels) { chosen = kernels; }
const CudaKernels* device_kernels() { return chosen; }

void* stream_of(const at::Tensor& tensor) {
  return c10::impl::VirtualGuardImpl(tensor.device().type()).getStream(tensor.device()).native_handle();
}

void check_started(const char* reason) {
  if (reason)
    throw runtime::Error("FailedToCompleteOperation.gpu", {{"reason", std::string("a kernel was not started: ") + reason}});
}

gpu::Type device_type_of(at::ScalarType type) { return type == at::kFloat ? gpu::Type::float32 : gpu::Type::bfloat16; }

std::int64_t pixel_stride(const at::Tensor& x) {
  // The stride of a side of one pixel says nothing.
  return x.size(3) > 1 ? x.stride(3) : x.size(2) > 1 ? x.stride(2) : x.stride(0);
}

gpu::Map device_map(const at::Tensor& x) {
  return {device_type_of(x.scalar_type()), x.const_data_ptr(), x.size(0) * x.size(2) * x.size(3), pixel_stride(x),
          static_cast<int>(x.size(1))};
}

}  // namespace torchport::models
