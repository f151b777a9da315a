// One buffer for all features of a dense block, and what autograd is told of it. What works on its memory is the CPU's
// (cpu/cpu_dense_buffer.h) or a device's (device/device_dense_buffer.h); DenseFeatures chooses.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <memory>

namespace torchport::models {

struct DenseNode;

class DenseBuffer {
 public:
  virtual ~DenseBuffer() = default;
  DenseBuffer(const DenseBuffer&) = delete;
  DenseBuffer& operator=(const DenseBuffer&) = delete;

  void append(const at::Tensor& features);
  virtual at::Tensor norm_relu(torch::nn::BatchNorm2d& norm) = 0;

  /// Copies channels of channels-last pixels, which may be parts of wider ones.
  using CopyPixels = void(const at::Tensor& from, const at::Tensor& to);

 protected:
  /// For features like x, `channels` in all, none of them there yet.
  DenseBuffer(const at::Tensor& x, std::int64_t channels, CopyPixels* copy);
  /// Takes dense features into their room of the buffer, before channels_ counts them.
  virtual void take(const at::Tensor& features, const at::Tensor& room) = 0;
  at::Tensor view() const;                 ///< of the buffer's first channels_, unknown to autograd
  at::Tensor features_of_its_own() const;  ///< like view(), elsewhere, not written yet
  /// Tells autograd that `node` has made y of the features, and the features of themselves.
  void remember(const std::shared_ptr<DenseNode>& node, const at::Tensor& features, const at::Tensor& y);

  const at::Tensor buffer_;
  at::Tensor current_;  ///< view() as autograd knows it: each append and each norm makes the next one of the last
  std::int64_t channels_ = 0;

 private:
  CopyPixels* const copy_;
};

/// The gradient of all features so far, in memory that may be added to: the pixels of a buffer of our own, however wide.
at::Tensor own_pixels(at::Tensor gradient);

}  // namespace torchport::models
