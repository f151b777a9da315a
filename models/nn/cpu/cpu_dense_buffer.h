// The features of a dense block in memory of the CPU.
#pragma once
#include "models/nn/cpu/kernels/norm_loops.h"
#include "models/nn/dense_buffer.h"

namespace torchport::models {

class CpuDenseBuffer final : public DenseBuffer {
 public:
  /// \pre has_fusible_layout(x)
  CpuDenseBuffer(const at::Tensor& x, std::int64_t channels);
  at::Tensor norm_relu(torch::nn::BatchNorm2d& norm) override;

 private:
  void take(const at::Tensor& features, const at::Tensor& room) override;
  const kernels::Moments& moments();

  kernels::Moments moments_;  // of the first channels, as far as a norm has asked for them
};

}  // namespace torchport::models
