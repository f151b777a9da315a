// Batch norm + ReLU (+ shortcut) of channels-last activations on the CPU as few memory passes, forward and backward.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <vector>

#include "models/nn/cpu/kernels/norm_loops.h"

namespace torchport::models {

/// Whether the fused functions take these: float32 or bfloat16 on the CPU, channels-last, float32 weights and statistics.
bool can_fuse(const torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});

/// The two halves of it: float32 or bfloat16 on the CPU, channels-last; a norm of so many channels with float32 weights and
/// statistics, and values enough to have a variance.
bool has_fusible_layout(const at::Tensor& x);
/// The same of any device, for kernels of whatever kind.
bool has_map_layout(const at::Tensor& x);
bool has_float32_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel,
                         at::DeviceType on);
bool has_fusible_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel);

/// relu(norm(x)) or relu(norm(x) + shortcut); statistics, running statistics and gradients as torch::nn::BatchNorm2d has them, both
/// while training and in evaluation mode. The gradient cannot be differentiated again. \pre can_fuse(norm, x, shortcut)
at::Tensor fused_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});

/// norm(x) alone, likewise.
at::Tensor fused_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

/// A batch norm applied to one batch: y = x * scale + shift, and what the backward pass needs to know.
struct AppliedNorm {
  bool batch_statistics;                               ///< of the batch; else the running ones, which are constants
  double count;                                        ///< values a channel
  std::vector<float> mean, inverse_std, scale, shift;  ///< per channel
};

/// Uses the batch's moments while training, and takes them into the running statistics; else the running statistics.
/// `moments` is not looked at in evaluation mode.
AppliedNorm apply_norm(torch::nn::BatchNorm2d& norm, const kernels::Moments& moments, std::int64_t count);

/// The moments of x; those that the norm needs: while training of x, else none.
kernels::Moments moments_of(const at::Tensor& x);
kernels::Moments batch_moments(const torch::nn::BatchNorm2d& norm, const at::Tensor& x);

/// The terms of the gradient of x, from the sums over the batch (which constants do not need).
struct GradientTerms {
  std::vector<float> slope, offset;
  GradientTerms(const AppliedNorm& applied, const kernels::GradientSums& sums);
};

/// Gradients of the norm's weight and bias, float32.
at::Tensor weight_gradient(const AppliedNorm& applied, const kernels::GradientSums& sums);
at::Tensor bias_gradient(const kernels::GradientSums& sums);

/// All pixels of a channels-last tensor [N, C, H, W], the first `channels` of each.
template <class T, class Tensor>
kernels::Pixels<T> pixels(const Tensor& x) {
  const bool one_pixel = x.size(2) * x.size(3) == 1;
  return {static_cast<T*>(const_cast<void*>(x.const_data_ptr())), x.size(0) * x.size(2) * x.size(3), x.size(1),
          one_pixel       ? x.stride(0)
          : x.size(3) > 1 ? x.stride(3)
                          : x.stride(2)};
}

/// What work gives for a value of the type that has_fusible_layout found in x.
template <class Work>
auto with_type_of(const at::Tensor& x, Work&& work) {
  return x.scalar_type() == at::kFloat ? work(float{}) : work(at::BFloat16{});
}

/// Whether nobody else sees the memory of `tensor`, which this function's caller has in one variable.
bool is_ours_alone(const at::Tensor& tensor);

}  // namespace torchport::models
