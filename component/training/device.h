// Where a training computes: where tensors live, how bytes get there and back, and what that place wants of loader and gradients.
// Made by Train and Score; written with c10's device-generic classes, so that any device registered with LibTorch will do.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "datasets/loading/loader.h"

namespace torchport::cuda {
struct Plugin;  // component/cuda/plugin.h
}

namespace torchport::component {

/// Returns once `done` says so, or throws where what is waited for cannot come.
using WaitUntil = std::function<void(const std::function<bool()>& done)>;

/// A copy on the host of a tensor that may still be computed.
class HostCopy {
 public:
  /// The values, when they are there: the one place where the host waits for a device. \throws as the device's wait_by()
  const at::Tensor& wait();

 private:
  friend class Device;
  at::Tensor values_;
  std::optional<c10::Event> copied_;  // absent on the host
  WaitUntil wait_until_;              // empty: LibTorch's way
};

class Device {
 public:
  /// `plugin`: what it has that LibTorch does not offer for all devices; null where that is nothing.
  /// \pre LibTorch knows the device
  explicit Device(c10::Device device = c10::kCPU, std::string name = "", const cuda::Plugin* plugin = nullptr)
      : device_(device), name_(std::move(name)), plugin_(plugin) {}
  bool is_host() const { return device_.is_cpu(); }
  c10::DeviceType type() const { return device_.type(); }
  c10::Device where() const { return device_; }
  /// Its kind, e.g. "NVIDIA H200, compute capability 9.0"; "" on the host.
  const std::string& name() const { return name_; }
  const cuda::Plugin* plugin() const { return plugin_; }

  /// Moves parameters and buffers here.
  void take(torch::nn::Module& network) const;
  /// A tensor of host_empty() or of the loader, here, for whatever is computed next on the current stream. The host does not wait.
  at::Tensor bring(const at::Tensor& host) const;
  HostCopy fetch(const at::Tensor& tensor) const;
  /// Returns when `event` has come, on the host. \throws as wait_by() says
  void wait_for(const c10::Event& event) const;
  /// Memory of the host from which bring() need not wait.
  at::Tensor host_empty(at::IntArrayRef sizes, at::ScalarType type) const;
  /// A number that decides on an update, 0-dimensional, in the type that LibTorch's kernels here read it in.
  at::Tensor number(double value) const;

  /// `options` as this device wants it: where batches lie, and whether images are decoded in between the steps.
  datasets::LoaderOptions loading(datasets::LoaderOptions options) const;
  /// Whether gradients lie in the same memory in every step, as what replays a step needs it. The host takes those that the
  /// backward pass makes, which saves a pass over them.
  bool keeps_gradients() const { return !is_host(); }
  /// How the host waits for it from now on, where what it computes depends on other ranks: asked for at each fetch() and
  /// wait_for(), as what was given to it until then is what is waited for.
  void wait_by(std::function<WaitUntil()> waiter) {
    waiter_ = std::make_shared<const std::function<WaitUntil()>>(std::move(waiter));
  }

 private:
  c10::Device device_;
  std::string name_;
  const cuda::Plugin* plugin_;
  std::shared_ptr<const std::function<WaitUntil()>> waiter_;  // null: LibTorch's way
};

/// While one lives, this thread computes on a stream of its own, after whatever it had computed before; what it computes later
/// comes after that. No graph can be recorded on a device's default stream. Nothing changes on the host.
class OwnStream {
 public:
  explicit OwnStream(const Device& device);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

 private:
  std::optional<c10::Stream> outer_;
  std::optional<c10::StreamGuard> own_;
};

}  // namespace torchport::component
