// What LibTorch asks of a device that is not an operation: how many there are, streams, events, allocators.
#include "tests/support/fake_cuda.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <atomic>

#include "tests/support/fake_cuda_graph.h"
#include "tests/support/fake_cuda_memory.h"

namespace torchport::test::fake_cuda {

namespace {

const c10::Device kDevice(c10::kCUDA, 0);

std::atomic<bool> stands_still = false;

c10::Stream stream_of(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, kDevice, id); }

void host_waits(const std::string& reason, const Clock& event) {
  refuse_while_recording("waiting for " + reason);
  counting().waits.push_back(reason);
  host_knows(event);
}

struct Event {
  Clock clock;
  std::int64_t of_graph = 0;  // 0: of none
};

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::kCUDA; }
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  c10::Stream getStream(c10::Device) const override { return stream_of(current_stream()); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream_of(0); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override {
    const std::lock_guard lock(mutex());
    return stream_of(new_stream());
  }
  void* getStreamNativeHandle(const c10::Stream stream) const override { return reinterpret_cast<void*>(stream.id()); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream_of(exchange_stream(stream.id())); }
  bool queryStream(const c10::Stream& stream) const override {
    const std::lock_guard lock(mutex());
    host_knows(fake_cuda::record(stream.id()));
    return true;
  }
  void synchronizeStream(const c10::Stream& stream) const override {
    const std::lock_guard lock(mutex());
    host_waits("a stream", fake_cuda::record(stream.id()));
  }
  void synchronizeDevice(c10::DeviceIndex) const override {
    const std::lock_guard lock(mutex());
    host_waits("the device", all_work());
  }
  // --- events: the clock of their stream when they were recorded
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    const std::lock_guard lock(mutex());
    if (!*event) *event = new Event;
    of(*event) = {fake_cuda::record(stream.id()), is_recorded(stream.id()) ? work_recorded() : 0};
  }
  void block(void* event, const c10::Stream& stream) const override {
    const std::lock_guard lock(mutex());
    if (!event) return;
    join(stream.id(), of(event).of_graph);
    wait(stream.id(), of(event).clock);
  }
  bool queryEvent(void* event) const override {
    if (stands_still) return false;
    const std::lock_guard lock(mutex());
    if (event) host_knows(asked_by_host(event));
    return true;
  }
  void synchronizeEvent(void* event) const override {
    const std::lock_guard lock(mutex());
    if (event) host_waits("an event", asked_by_host(event));
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { delete static_cast<Event*>(event); }
  void recordDataPtrOnStream(const c10::DataPtr& data, const c10::Stream& stream) const override { keep_for(data, stream.id()); }

 private:
  static Event& of(void* event) { return *static_cast<Event*>(event); }
  static const Clock& asked_by_host(void* event) {
    TORCH_CHECK(of(event).of_graph == 0, "fake device: the host asks for an event of a graph's work");
    return of(event).clock;
  }
};

struct Hooks final : at::CUDAHooksInterface {
  explicit Hooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::DeviceIndex current_device() const override { return 0; }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  bool isPinnedPtr(const void* pointer) const override { return is_pinned(pointer); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &pinned_memory(); }
  void deviceSynchronize(c10::DeviceIndex) const override { Guard().synchronizeDevice(0); }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>();
    return generator;
  }
};

const bool registered = [] {
  c10::SetAllocator(c10::kCUDA, &device_memory(), /*priority=*/1);
  return true;
}();

}  // namespace

void stand_still() { stands_still = true; }

C10_REGISTER_GUARD_IMPL(CUDA, Guard)

}  // namespace torchport::test::fake_cuda

namespace at {
using TorchportFakeHooks = torchport::test::fake_cuda::Hooks;
C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, TorchportFakeHooks)
}  // namespace at
