#include "component/worker/memory.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <cstdint>

#include "tests/support/catch.h"

using namespace torchport::component;

namespace {

at::Tensor buffer(std::int64_t bytes) { return at::empty({bytes}, at::kByte); }

}  // namespace

TEST_CASE("allocator: tensors are aligned to 64 bytes, by either interface of c10", "[allocator]") {
  keep_freed_memory();
  for (const std::int64_t bytes : {1, 24, 63, 64, 1000, 5'000'001}) {
    CHECK(reinterpret_cast<std::uintptr_t>(buffer(bytes).data_ptr()) % 64 == 0);
    void* const raw = c10::GetCPUAllocator()->raw_allocate(static_cast<std::size_t>(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(raw) % 64 == 0);
    c10::GetCPUAllocator()->raw_deallocate(raw);
  }
  CHECK(buffer(0).data_ptr() == nullptr);
  const at::Tensor numbers = at::arange(1000);
  CHECK(at::equal(numbers.clone(), numbers));
  CHECK_THROWS_WITH(buffer(std::int64_t{1} << 60), Catch::Contains("not enough memory"));
}

#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory out of use on purpose
TEST_CASE("allocator: a buffer takes the place of an equal one that was freed, and the system gets none back", "[allocator]") {
  keep_freed_memory();
  const std::int64_t bytes = GENERATE(3 << 20, 48 << 20);
  const at::Tensor before = buffer(bytes);
  at::Tensor freed = buffer(bytes);
  const at::Tensor behind = buffer(bytes);
  const void* const place = freed.data_ptr();
  const std::size_t heap = mallinfo2().arena;
  CHECK(mallinfo2().hblkhd < static_cast<std::size_t>(bytes));
  freed.reset();
  CHECK(buffer(bytes).data_ptr() == place);
  CHECK(mallinfo2().arena == heap);
}
#endif
