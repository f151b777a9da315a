// Recorded work, by LibTorch's graphs, which keep the memory that it uses.
#include "component/cuda/plugin/graphs.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

#include <memory>

#include "component/cuda/plugin/last_error.h"

namespace torchport::cuda {
namespace {

using at::cuda::CUDAGraph;

CUDAGraph& of(void* graph) { return *static_cast<CUDAGraph*>(graph); }

// In the default mode whatever another thread asks the device, e.g. whether an event has come, would break the recording.
int begin(void** graph, void* like) {
  return guarded([&] {
    c10::cuda::CUDACachingAllocator::emptyCache();  // a pool of its own takes nothing of what earlier work has left behind
    auto made = std::make_unique<CUDAGraph>();
    made->capture_begin(like != nullptr ? of(like).pool() : c10::MempoolId_t{0, 0}, cudaStreamCaptureModeThreadLocal);
    *graph = made.release();
    return std::string();
  });
}

// capture_end() of a recording that has failed leaves before it gives the pool back, without which no memory is ever freed again.
void end_pool(CUDAGraph& graph) {
  try {
    c10::cuda::CUDACachingAllocator::endAllocateToPool(c10::cuda::current_device(), graph.pool());
  } catch (const c10::Error&) {  // it has done so
  }
}

int end(void* graph) {
  return guarded([&] {
    try {
      of(graph).capture_end();
    } catch (const c10::Error&) {
      end_pool(of(graph));
      throw;
    }
    return std::string();
  });
}

int replay(void* graph) {
  return guarded([&] {
    of(graph).replay();
    return std::string();
  });
}

void reset(void* graph) { delete static_cast<CUDAGraph*>(graph); }

}  // namespace

Graphs graphs() { return {begin, end, replay, reset}; }

}  // namespace torchport::cuda
