// GPUs as the driver and LibTorch's allocator know them.
#include "component/cuda/plugin/devices.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>
#include <mutex>

#include "component/cuda/plugin/last_error.h"

namespace torchport::cuda {
namespace {

std::mutex mutex;
Memory failed;  ///< guarded by it: when an allocation last failed; `asked` is 0 where none has

std::string text_of(cudaError_t result) {
  if (result == cudaSuccess) return "";
  (void)cudaGetLastError();  // else the next call would return it again
  return cudaGetErrorString(result);
}

int count(int* devices) {
  return guarded([&] {
    *devices = 0;
    const cudaError_t result = cudaGetDeviceCount(devices);
    const std::string reason = text_of(result);
    return result == cudaErrorNoDevice ? std::string() : reason;
  });
}

int versions(int* driver, int* runtime) {
  return guarded([&] {
    std::string reason = text_of(cudaDriverGetVersion(driver));
    return reason.empty() ? text_of(cudaRuntimeGetVersion(runtime)) : reason;
  });
}

int properties(int device, Properties* of) {
  return guarded([&] {
    cudaDeviceProp found{};
    std::string reason = text_of(cudaGetDeviceProperties(&found, device));
    if (reason.empty()) reason = text_of(cudaDeviceGetPCIBusId(of->bus_id, sizeof of->bus_id, device));
    std::snprintf(of->name, sizeof of->name, "%s", found.name);
    of->major = found.major;
    of->minor = found.minor;
    of->multiprocessors = found.multiProcessorCount;
    of->memory = found.totalGlobalMem;
    of->slice = std::strstr(found.name, " MIG ") != nullptr;  // as the driver names them: "NVIDIA H200 MIG 1g.18gb"
    return reason;
  });
}

std::uint64_t used_on(c10::DeviceIndex device) {
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return static_cast<std::uint64_t>(c10::cuda::CUDACachingAllocator::getDeviceStats(device).allocated_bytes[kAll].current);
}

// LibTorch calls it without its locks.
void remember(std::int64_t device, std::size_t asked, std::size_t total, std::size_t free) {
  const std::uint64_t used = used_on(static_cast<c10::DeviceIndex>(device));
  const std::lock_guard lock(mutex);
  failed = {total, free, used, asked};
}

int memory(Memory* of) {
  return guarded([&] {
    const std::lock_guard lock(mutex);
    *of = failed;
    if (failed.asked > 0) return std::string();
    std::size_t free = 0, total = 0;
    int device = 0;
    std::string reason = text_of(cudaGetDevice(&device));
    if (reason.empty()) reason = text_of(cudaMemGetInfo(&free, &total));
    *of = {total, free, used_on(static_cast<c10::DeviceIndex>(device)), 0};
    return reason;
  });
}

int use(int device) {
  return guarded([&] {
    std::string reason = text_of(cudaSetDevice(device));
    if (!reason.empty()) return reason;
    at::globalContext().lazyInitDevice(c10::kCUDA);
    c10::cuda::CUDACachingAllocator::attachOutOfMemoryObserver(remember);
    return reason;
  });
}

}  // namespace

Devices devices() { return {count, versions, properties, use, memory}; }

}  // namespace torchport::cuda
