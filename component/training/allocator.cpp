#include "component/training/allocator.h"

#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <cstdint>
#include <cstdlib>

namespace torchport::component {

namespace {

// As c10's own does (c10::gAlignment): a cache line, and a register of AVX-512.
constexpr std::size_t kAlignment = 64;

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
    const Block block = std::malloc(bytes + sizeof(Block) + kAlignment - 1);
    TORCH_CHECK(block, "not enough memory: ", bytes, " bytes were wanted");
    const auto address = (reinterpret_cast<std::uintptr_t>(block) + sizeof(Block) + kAlignment - 1) / kAlignment * kAlignment;
    void* const memory = reinterpret_cast<void*>(address);
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
