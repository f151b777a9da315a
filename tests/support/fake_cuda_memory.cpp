#include "tests/support/fake_cuda_memory.h"

#include <ATen/EmptyTensor.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <set>

#include "tests/support/fake_cuda_graph.h"

namespace torchport::test::fake_cuda {

namespace {

constexpr std::size_t kPage = 4096;
constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

struct Block {
  std::size_t bytes = 0;
  std::int64_t serial = 0;
  c10::StreamId stream = 0;  // which it was allocated on: freed memory is given away as soon as that stream may use it
  int opened = 0;
  Moment written;
  Clock read;  // the last reading on each stream
  std::set<c10::StreamId> kept_for;
};

std::map<void*, Block>& blocks() {
  static auto& blocks = *new std::map<void*, Block>;
  return blocks;
}
std::map<const char*, std::size_t>& pinned_blocks() {
  static auto& blocks = *new std::map<const char*, std::size_t>;
  return blocks;
}

// Mappings that nobody has, by their bytes: a new one costs a fault for each of its pages.
constexpr std::size_t kMostSpare = std::size_t{1} << 30;
struct Spare {
  std::multimap<std::size_t, void*> mappings;
  std::size_t bytes = 0;
};
Spare& spare() {
  static auto& spare = *new Spare;
  return spare;
}

void* map_closed(std::size_t bytes) {
  const auto found = spare().mappings.find(bytes);
  if (found == spare().mappings.end()) return mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const data = found->second;
  spare().mappings.erase(found);
  spare().bytes -= bytes;
  return data;
}

void unmap(void* data, std::size_t bytes) {
  if (spare().bytes + bytes > kMostSpare) {
    munmap(data, bytes);
    return;
  }
  spare().mappings.emplace(bytes, data);
  spare().bytes += bytes;
}

Memory& memory_in_use() {
  static auto& memory = *new Memory{std::numeric_limits<std::size_t>::max()};
  return memory;
}

Memory& failed_with() {
  static Memory memory;
  return memory;
}

// What nobody wrote is NaN, as a float32 and as a bfloat16.
void poison(void* data, std::size_t bytes) {
  mprotect(data, bytes, PROT_WRITE);
  std::memset(data, 0xff, bytes);
  mprotect(data, bytes, PROT_NONE);
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

void check_may_be_given_away(const Block& block) {
  const auto check = [&](const Moment& use) {
    if (block.kept_for.contains(use.stream) || is_over(use, block.stream)) return;
    std::fprintf(stderr, "fake device: memory of stream %ld is freed while stream %ld may use it, without record_stream\n",
                 static_cast<long>(block.stream), static_cast<long>(use.stream));
    std::abort();  // a destructor cannot throw
  };
  check(block.written);
  for (const auto& [stream, number] : block.read) check({stream, number});
}

void free_device(void* data) {
  const std::lock_guard lock(mutex());
  const auto found = blocks().find(data);
  if (found == blocks().end()) return;
  check_may_be_given_away(found->second);
  if (!kept_by_graph(data)) give_away(data);
}

void free_pinned(void* data) {
  const std::lock_guard lock(mutex());
  pinned_blocks().erase(static_cast<char*>(data));
  std::free(data);
}

struct DeviceMemory final : c10::Allocator {
  c10::DataPtr allocate(std::size_t bytes) override {
    const c10::Device device(c10::kCUDA, 0);
    if (bytes == 0) return {nullptr, nullptr, &free_device, device};
    const std::lock_guard lock(mutex());
    Memory& memory = memory_in_use();
    if (memory.used + bytes > memory.limit) failed_with() = {memory.limit, memory.used, bytes};
    allocated(nullptr, 0);
    TORCH_CHECK_WITH(OutOfMemoryError, memory.used + bytes <= memory.limit, "fake device: out of memory");
    memory.used += whole_pages(bytes);
    void* const data = map_closed(whole_pages(bytes));
    TORCH_CHECK(data != MAP_FAILED, "fake device: no memory for ", bytes, " bytes");
    poison(data, whole_pages(bytes));
    Block& block = blocks()[data];
    block.bytes = whole_pages(bytes);
    block.stream = current_stream();
    static std::int64_t serial = 0;
    block.serial = ++serial;
    ++counting().allocations;
    allocated(data, block.bytes);
    return {data, data, &free_device, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_device; }
  void copy_data(void*, const void*, std::size_t) const override { TORCH_CHECK(false, "fake device: memory is copied by copy_"); }
};

struct PinnedMemory final : c10::Allocator {
  c10::DataPtr allocate(std::size_t bytes) override {
    void* const data = std::aligned_alloc(kPage, whole_pages(bytes + 1));
    const std::lock_guard lock(mutex());
    pinned_blocks()[static_cast<char*>(data)] = bytes;
    return {data, data, &free_pinned, c10::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_pinned; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void limit_memory(std::size_t bytes) {
  const std::lock_guard lock(mutex());
  memory_in_use().limit = bytes;
}
Memory memory_at_failure() {
  const std::lock_guard lock(mutex());
  return failed_with();
}

c10::Allocator& device_memory() {
  static DeviceMemory memory;
  return memory;
}
c10::Allocator& pinned_memory() {
  static PinnedMemory memory;
  return memory;
}

bool is_pinned(const void* pointer) {
  const std::lock_guard lock(mutex());
  const auto* const place = static_cast<const char*>(pointer);
  auto next = pinned_blocks().upper_bound(place);
  if (next == pinned_blocks().begin()) return false;
  --next;
  return place <= next->first + next->second;
}

bool is_ours(const at::Tensor& tensor) { return tensor.defined() && tensor.is_cuda(); }

bool is_ours(void* data) { return blocks().contains(data); }
bool is_open(void* data) { return is_ours(data) && blocks().at(data).opened > 0; }
std::int64_t serial_of(void* data) { return is_ours(data) ? blocks().at(data).serial : 0; }
void give_away(void* data) {
  const std::size_t bytes = blocks().at(data).bytes;
  unmap(data, bytes);
  memory_in_use().used -= bytes;
  blocks().erase(data);
}

Work::Work(std::string name) : name_(std::move(name)) {
  const std::lock_guard lock(mutex());
  moment_ = begin_work();
}

Work::~Work() {
  const std::lock_guard lock(mutex());
  for (void* data : open_) {
    Block& block = blocks().at(data);
    if (--block.opened == 0) mprotect(data, block.bytes, PROT_NONE);
  }
}

at::Tensor Work::host(const at::Tensor& tensor, Use use) {
  if (!is_ours(tensor)) return tensor;
  const std::lock_guard lock(mutex());
  void* const data = tensor.storage().nbytes() > 0 ? tensor.storage().mutable_data() : nullptr;
  if (data) open_block(data, use);
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), tensor.storage().nbytes(),
                                                       c10::DataPtr(data, c10::kCPU), nullptr, /*resizable=*/false);
  at::Tensor host = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(std::move(storage)),
                                                             c10::DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
  host.unsafeGetTensorImpl()->set_storage_offset(tensor.storage_offset());
  host.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
  return host;
}

void Work::open(const void* memory, Use use) {
  if (!memory) return;
  const std::lock_guard lock(mutex());
  auto next = blocks().upper_bound(const_cast<void*>(memory));
  const bool inside =
      next != blocks().begin() &&
      static_cast<const char*>(memory) < static_cast<const char*>(std::prev(next)->first) + std::prev(next)->second.bytes;
  TORCH_CHECK(inside, "fake device: ", name_, " is given memory that is not the device's");
  open_block(std::prev(next)->first, use);
}

void Work::open_block(void* data, Use use) {
  Block& block = blocks().at(data);
  const auto check = [&](const Moment& earlier) {
    TORCH_CHECK(is_over(earlier, moment_.stream), "fake device: ", name_, " on stream ", moment_.stream, " uses memory of stream ",
                earlier.stream, " without waiting for it");
  };
  check(block.written);
  about_to_use(data, block.bytes, block.serial, use == Use::write);
  if (use == Use::write) {
    for (const auto& [stream, number] : block.read) check({stream, number});
    block.written = moment_;
  } else {
    block.read[moment_.stream] = moment_.number;
  }
  if (block.opened++ == 0) mprotect(data, block.bytes, PROT_READ | PROT_WRITE);
  open_.push_back(data);
}

at::Tensor empty_on_device(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype) {
  return at::detail::empty_strided_generic(sizes, strides, &device_memory(), kKeys, dtype);
}

at::Tensor on_device(const at::Tensor& result) {
  if (!result.defined() || is_ours(result)) return result;
  at::Tensor there = empty_on_device(result.sizes(), result.strides(), result.scalar_type());
  Work("result").host(there, Use::write).copy_(result);
  return there;
}

void keep_for(const c10::DataPtr& data, c10::StreamId stream) {
  const std::lock_guard lock(mutex());
  if (const auto found = blocks().find(data.get()); found != blocks().end()) found->second.kept_for.insert(stream);
}

}  // namespace torchport::test::fake_cuda
