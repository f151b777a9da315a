// A stand-in for a GPU, registered as LibTorch's CUDA device in a process that has not loaded libtorch_cuda: its operations are the
// CPU's, over memory that nothing else may touch. Linked into tests of what runs on a device; they need a program of their own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace torchport::test::fake_cuda {

/// What was asked of the device since reset().
struct Counts {
  std::int64_t operations = 0;  ///< a GPU would start this many kernels, or a few more
  std::int64_t allocations = 0;
  std::int64_t to_device = 0, to_host = 0;    ///< copies
  std::int64_t replays = 0;                   ///< of graphs, each of which starts all of its operations at once
  std::vector<std::string> waits;             ///< what made the host wait for the device, e.g. "item()"
  std::map<std::string, std::int64_t> calls;  ///< the operations by name
};

void reset();
Counts counts();

/// From now on no event comes: the device's work does not end, as where NCCL waits for another rank.
void stand_still();

/// Bytes that tensors may have from now on; more end in c10::OutOfMemoryError.
void limit_memory(std::size_t bytes);
struct Memory {
  std::size_t limit = 0, used = 0, asked = 0;
};
/// When an allocation last failed.
Memory memory_at_failure();

}  // namespace torchport::test::fake_cuda
