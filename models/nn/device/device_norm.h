// Batch norm + ReLU (+ shortcut) of channels-last activations on a device by the kernels of models/nn/kernels/cuda/, forward and
// backward, as models/nn/cpu/fused_norm.h has it on the CPU. Called by models/nn/norm_activation.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/nn/device/device_kernels.h"

namespace torchport::models {

/// Whether the functions below take these: there are kernels, x is float32 or bfloat16 on a device, channels-last, of channels that
/// a pack divides, weights and statistics are float32. Elsewhere LibTorch's operations compute.
bool can_fuse_on_device(const torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});
/// The two halves of it.
bool has_device_layout(const at::Tensor& x);
bool has_device_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel);

/// relu(norm(x)) or relu(norm(x) + shortcut), with statistics and gradients as torch::nn::BatchNorm2d has them. Nothing waits for
/// the device. The gradient cannot be differentiated again. \pre can_fuse_on_device(norm, x, shortcut)
at::Tensor device_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut = {});
/// norm(x) alone, likewise.
at::Tensor device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x);

/// A batch norm applied to one batch, with its numbers on the device.
struct AppliedDeviceNorm {
  bool batch_statistics;  ///< of the batch; else the running ones, which are constants
  double count;           ///< values a channel
  at::Tensor mean;        ///< float32 [channels]
  at::Tensor values;      ///< float32 [3, channels]
  float* inverse_std() const { return values.mutable_data_ptr<float>(); }
  float* scale() const { return inverse_std() + values.size(1); }
  float* shift() const { return inverse_std() + 2 * values.size(1); }
};

/// Of x while training, and takes its moments into the running statistics; else of the running statistics.
AppliedDeviceNorm apply_device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x);
/// Likewise of moments that are there, float32 [channels] each and not looked at in evaluation mode, of `count` values.
AppliedDeviceNorm apply_device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& mean, const at::Tensor& variance,
                                    std::int64_t count);

/// What comes back to `applied` of x, not masked.
gpu::Gradient device_gradient(const AppliedDeviceNorm& applied, const at::Tensor& x, const at::Tensor& incoming);

/// Sums over the batch and what they make.
struct DeviceGradientSums {
  at::Tensor of_weight, of_bias;  ///< gradients, float32 [channels]
  at::Tensor terms;               ///< float32 [2, channels]: slope and offset; undefined of constants
};
/// \param masked where the gradient is written to as ReLU lets it through; may be undefined
DeviceGradientSums sum_device_gradients(const AppliedDeviceNorm& applied, const gpu::Gradient& gradient, const at::Tensor& masked);

/// Writes the gradient of x into `result`, or adds it.
void write_input_gradient(const DeviceGradientSums& sums, const gpu::Gradient& gradient, const at::Tensor& result,
                          bool add = false);

/// Floats on the device of `like`, not yet written.
at::Tensor device_floats(at::IntArrayRef sizes, const at::Tensor& like);
/// A kernel's room for its sums over x.
at::Tensor device_scratch(const at::Tensor& x);

}  // namespace torchport::models
