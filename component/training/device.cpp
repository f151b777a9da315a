#include "component/training/device.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "runtime/launch/processing_units.h"

namespace torchport::component {

const at::Tensor& HostCopy::wait() {
  if (copied_ && wait_until_) {
    wait_until_([this] { return copied_->query(); });
  } else if (copied_) {
    copied_->synchronize();
  }
  copied_.reset();
  return values_;
}

void Device::take(torch::nn::Module& network) const {
  if (!is_host()) network.to(device_);
}

at::Tensor Device::bring(const at::Tensor& host) const {
  return is_host() ? host : host.to(host.options().device(device_), /*non_blocking=*/true);
}

HostCopy Device::fetch(const at::Tensor& tensor) const {
  HostCopy copy;
  if (is_host()) {
    copy.values_ = tensor;
    return copy;
  }
  copy.values_ = host_empty(tensor.sizes(), tensor.scalar_type());
  copy.values_.copy_(tensor, /*non_blocking=*/true);
  if (waiter_) copy.wait_until_ = (*waiter_)();
  copy.copied_.emplace(type());
  copy.copied_->record(c10::impl::VirtualGuardImpl(type()).getStream(device_));
  return copy;
}

at::Tensor Device::host_empty(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(type).pinned_memory(!is_host()));
}

at::Tensor Device::number(double value) const {
  if (is_host()) return at::scalar_tensor(value, at::kDouble);
  const at::Tensor host = host_empty({}, at::kFloat);
  *host.mutable_data_ptr<float>() = static_cast<float>(value);
  return bring(host);
}

void Device::wait_for(const c10::Event& event) const {
  if (!waiter_) return event.synchronize();
  (*waiter_)()([&] { return event.query(); });
}

datasets::LoaderOptions Device::loading(datasets::LoaderOptions options) const {
  options.in_between = is_host() && at::get_num_threads() >= runtime::processing_units();
  if (!is_host())
    options.memory = [device = *this](at::IntArrayRef sizes, at::ScalarType type) { return device.host_empty(sizes, type); };
  return options;
}

namespace {

// What comes next on `later` comes after what `earlier` has been given.
void in_order(const c10::Stream& earlier, const c10::Stream& later) {
  c10::Event event(earlier.device_type());
  event.record(earlier);
  event.block(later);
}

}  // namespace

OwnStream::OwnStream(const Device& device) {
  if (device.is_host()) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  outer_ = guard.getStream(device.where());
  const c10::Stream own = guard.getStreamFromGlobalPool(device.where());
  in_order(*outer_, own);
  own_.emplace(own);
}

OwnStream::~OwnStream() {
  if (!outer_) return;
  try {
    in_order(own_->current_stream(), *outer_);
  } catch (const c10::Error&) {  // the device has failed before, and nothing comes after it
  }
}

}  // namespace torchport::component
