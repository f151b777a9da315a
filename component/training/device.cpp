#include "component/training/device.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "runtime/launch/processing_units.h"

namespace torchport::component {

const at::Tensor& HostCopy::wait() {
  if (copied_ && wait_until_) {
    (*wait_until_)([this] { return copied_->query(); });
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
  copy.wait_until_ = wait_until_;
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
  if (!wait_until_) return event.synchronize();
  (*wait_until_)([&] { return event.query(); });
}

datasets::LoaderOptions Device::loading(datasets::LoaderOptions options) const {
  options.in_between = is_host() && at::get_num_threads() >= runtime::processing_units();
  if (!is_host())
    options.memory = [device = *this](at::IntArrayRef sizes, at::ScalarType type) { return device.host_empty(sizes, type); };
  return options;
}

}  // namespace torchport::component
