#include "component/worker/memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <malloc.h>

#include <cstdlib>
#include <memory>

namespace torchport::component {

namespace {

// Lies before the aligned memory, as that is all that c10 gives back.
using Block = void*;

void free_aligned(void* memory) {
  if (memory) std::free(static_cast<Block*>(memory)[-1]);
}

// Aligned memory out of malloc. c10's own is of posix_memalign, which before glibc 2.38 wants more than it gives and returns the
// rest, so that it never fits into the place of an equal buffer that was freed: the heap of a training grows by half.
class MallocAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &free_aligned, cpu};
    std::size_t room = bytes + c10::gAlignment - 1;
    const Block block = std::malloc(sizeof(Block) + room);
    TORCH_CHECK(block, "not enough memory: ", bytes, " bytes were wanted");
    void* memory = static_cast<Block*>(block) + 1;
    std::align(c10::gAlignment, bytes, memory, room);  // `room` is enough wherever malloc's memory begins
    static_cast<Block*>(memory)[-1] = block;
    return {memory, memory, &free_aligned, cpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_aligned; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
  static MallocAllocator allocator;
  c10::SetCPUAllocator(&allocator);
}

}  // namespace torchport::component
