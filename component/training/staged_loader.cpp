#include "component/training/staged_loader.h"

#include <ATen/ops/empty.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "datasets/trace.h"
#include "runtime/clock.h"

namespace torchport::component {

StagedLoader::StagedLoader(const datasets::ImageDirectory& images, datasets::ImageSize size, const datasets::LoaderOptions& options,
                           const Device& device, std::optional<ThreadSizing> sizing)
    : device_(device), size_(size), loader_(images, size, device.loading(options)), sizing_(std::move(sizing)) {
  if (device.is_host()) return;
  copies_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device.where(), /*isHighPriority=*/true);
  for (std::size_t s = 0; s < kSlots; ++s) slots_.emplace_back(device.type());
}

// Memory is given away in the order of the current stream, which therefore comes after all copies into it.
StagedLoader::~StagedLoader() {
  for (Slot& slot : slots_) slot.arrived.block(current());
}

c10::Stream StagedLoader::current() const { return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_.where()); }

void StagedLoader::make_room(std::int64_t images) {
  if (slots_.front().labels.defined() && slots_.front().labels.size(0) >= images) return;
  for (Slot& slot : slots_) {
    slot.arrived.block(current());
    const auto there = at::TensorOptions().device(device_.where());
    slot.images = at::empty({images, size_.height, size_.width, 3}, there.dtype(at::kByte));
    slot.labels = at::empty({images}, there.dtype(at::kLong));
    slot.used.record(current());  // whoever had this memory before may still use it
  }
}

void StagedLoader::begin(datasets::EpochOrder order, std::vector<std::size_t> ends, std::int64_t epoch) {
  staged_.reset();
  resize();
  std::size_t largest = 0, begin = 0;
  for (const std::size_t end : ends) {
    largest = std::max(largest, end - begin);
    begin = end;
  }
  loader_.begin(std::move(order), std::move(ends), epoch);
  if (copies_) make_room(static_cast<std::int64_t>(largest));
}

void StagedLoader::copy(datasets::Batch& batch, Slot& slot) const {
  const datasets::Span span("copy to the device");
  const c10::StreamGuard guard(*copies_);
  slot.used.block(*copies_);
  const std::int64_t n = batch.labels.size(0);
  const at::Tensor images = slot.images.narrow(0, 0, n).permute({0, 3, 1, 2}), labels = slot.labels.narrow(0, 0, n);
  images.copy_(batch.images, /*non_blocking=*/true);
  labels.copy_(batch.labels, /*non_blocking=*/true);
  slot.arrived.record(*copies_);
  batch.images = images;
  batch.labels = labels;
}

// The batch in use has been computed, or handed in where it is not timed.
void StagedLoader::computed() {
  if (!sizing_ || sizing_->knows()) return;
  sizing_->computed(images_, runtime::seconds_since(begun_));
  if (sizing_->knows()) resize();
}

void StagedLoader::resize() {
  if (copies_ && sizing_ && sizing_->knows()) loader_.use_threads(sizing_->threads_for(loader_.work()));
}

void StagedLoader::prepare() {
  if (!copies_ || staged_) return;
  if (in_use_ != nullptr) {
    in_use_->used.record(current());  // all that computes with it has been handed in by now
    if (sizing_ && sizing_->wants_time()) device_.wait_for(in_use_->used);
    computed();
  }
  in_use_ = nullptr;
  staged_ = loader_.next();
  if (!staged_) return;
  copy(*staged_, slots_[next_]);
}

std::optional<datasets::Batch> StagedLoader::next() {
  if (!copies_) return loader_.next();
  prepare();
  if (!staged_) return std::nullopt;
  in_use_ = &slots_[next_];
  next_ = (next_ + 1) % kSlots;
  in_use_->arrived.block(current());
  if (sizing_ && sizing_->wants_time()) device_.wait_for(in_use_->arrived);
  begun_ = std::chrono::steady_clock::now();
  std::optional<datasets::Batch> batch = std::move(staged_);
  staged_.reset();
  images_ = batch->labels.size(0);
  return batch;
}

}  // namespace torchport::component
