// The features of a dense block in memory of a device.
#pragma once
#include "models/nn/dense_buffer.h"

namespace torchport::models {

class DeviceDenseBuffer final : public DenseBuffer {
 public:
  /// \pre has_device_layout(x) (device_norm.h)
  DeviceDenseBuffer(const at::Tensor& x, std::int64_t channels);
  at::Tensor norm_relu(torch::nn::BatchNorm2d& norm) override;

 private:
  void take(const at::Tensor& features, const at::Tensor& room) override;

  at::Tensor moments_;    // float32 [2, channels]: means and variances of the first channels_
  bool in_packs_ = true;  // so far kernels could read all of it; else LibTorch's operations compute
};

}  // namespace torchport::models
