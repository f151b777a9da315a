#include "models/nn/device/device_norm.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

float* floats(const at::Tensor& tensor) { return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr; }

// Inputs: x, weight, bias and, where there is one, the shortcut.
struct DeviceNormNode final : FusedNode {
  AppliedDeviceNorm applied;
  bool relu = true;
  SavedVariable x, y;  // y with a shortcut only: without one, x tells where ReLU let the gradient through

  std::string name() const override { return "torchport::DeviceNormNode"; }
  void release_variables() override {
    x.reset_data();
    y.reset_data();
  }
  void backward(at::Tensor gradient, variable_list& result) override {
    if (!gradient.is_contiguous(at::MemoryFormat::ChannelsLast)) gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor input = x.unpack(), output = num_outputs() == 4 ? y.unpack(shared_from_this()) : at::Tensor();
    const bool for_x = task_should_compute_output(0), for_weights = task_should_compute_output(1) || task_should_compute_output(2);
    const bool for_shortcut = output.defined() && task_should_compute_output(3);
    // The gradient's memory takes what comes of it, if it is nobody else's.
    const bool reuse = is_ours_alone(gradient);
    const auto space = [&] { return reuse ? gradient : at::empty_like(input); };

    gpu::Gradient terms = device_gradient(applied, input, gradient);
    terms.output = output.defined() ? output.const_data_ptr() : nullptr;
    terms.by_input = relu && !output.defined();
    DeviceGradientSums sums;
    if (for_weights || for_shortcut || (for_x && applied.batch_statistics)) {
      const at::Tensor masked = for_shortcut ? space() : at::Tensor();
      sums = sum_device_gradients(applied, terms, masked);
      if (for_shortcut) {
        result[3] = masked;
        terms.incoming = masked.const_data_ptr();
        terms.output = nullptr;
      }
    }
    if (task_should_compute_output(1)) result[1] = sums.of_weight;
    if (task_should_compute_output(2)) result[2] = sums.of_bias;
    if (!for_x) return;
    result[0] = for_shortcut ? at::empty_like(input) : space();
    write_input_gradient(sums, terms, result[0]);
  }
};

at::Tensor fused(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut, bool relu) {
  AppliedDeviceNorm applied = apply_device_norm(norm, x);
  at::Tensor y = at::empty_like(x);
  check_started(device_kernels()->apply({device_map(x), applied.scale(), applied.shift(),
                                         shortcut.defined() ? shortcut.const_data_ptr() : nullptr, relu, y.mutable_data_ptr()},
                                        stream_of(x)));
  variable_list sources = {x, norm->weight, norm->bias};
  if (shortcut.defined()) sources.push_back(shortcut);
  if (!wants_gradient(sources)) return y;
  auto node = make_node<DeviceNormNode>(sources);
  node->applied = std::move(applied);
  node->relu = relu;
  node->x = SavedVariable(x, /*is_output=*/false);
  torch::autograd::set_history(y, node);
  if (shortcut.defined()) node->y = SavedVariable(y, /*is_output=*/true);
  return y;
}

gpu::Norm arguments(torch::nn::BatchNorm2d& norm, const AppliedDeviceNorm& applied, const at::Tensor& variance) {
  const bool training = norm->is_training();
  return {.channels = static_cast<int>(norm->weight.size(0)),
          .count = applied.count,
          .mean = floats(applied.mean),
          .variance = floats(variance),
          .weight = norm->weight.const_data_ptr<float>(),
          .bias = norm->bias.const_data_ptr<float>(),
          .eps = norm->options.eps(),
          .momentum = *norm->options.momentum(),
          .running_mean = training ? floats(norm->running_mean) : nullptr,
          .running_var = training ? floats(norm->running_var) : nullptr,
          .inverse_std = applied.inverse_std(),
          .scale = applied.scale(),
          .shift = applied.shift()};
}

}  // namespace

at::Tensor device_floats(at::IntArrayRef sizes, const at::Tensor& like) {
  return at::empty(sizes, at::TensorOptions(at::kFloat).device(like.device()));
}
at::Tensor device_scratch(const at::Tensor& x) { return device_floats({device_kernels()->scratch(device_map(x))}, x); }

bool has_device_layout(const at::Tensor& x) {
  if (!device_kernels() || !x.is_cuda() || !has_map_layout(x)) return false;
  // Pixels are numbered in 32 bits.
  return x.size(1) % gpu::pack_size(device_type_of(x.scalar_type())) == 0 && x.numel() / x.size(1) < (std::int64_t{1} << 31) &&
         reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % 16 == 0;
}

bool has_device_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel) {
  return has_float32_weights(norm, channels, values_per_channel, at::kCUDA);
}

bool can_fuse_on_device(const torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  if (UnfusedScope::active() || !has_device_layout(x)) return false;
  if (shortcut.defined()) {
    if (!has_device_layout(shortcut) || shortcut.scalar_type() != x.scalar_type() || shortcut.sizes() != x.sizes()) return false;
  }
  return has_device_weights(norm, x.size(1), x.numel() / x.size(1));
}

AppliedDeviceNorm apply_device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  const std::int64_t channels = x.size(1), count = x.numel() / channels;
  if (!norm->is_training()) return apply_device_norm(norm, {}, {}, count);
  const at::NoGradGuard values_only;
  const at::Tensor variance = device_floats({channels}, x), scratch = device_scratch(x);
  AppliedDeviceNorm result{true, static_cast<double>(count), device_floats({channels}, x), device_floats({3, channels}, x)};
  const gpu::Norm made = arguments(norm, result, variance);
  check_started(device_kernels()->moments({device_map(x), nullptr, 0, floats(scratch), floats(result.mean), floats(variance)},
                                          &made, stream_of(x)));
  count_batch(norm);
  return result;
}

AppliedDeviceNorm apply_device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& mean, const at::Tensor& variance,
                                    std::int64_t count) {
  const bool training = norm->is_training();
  const at::NoGradGuard values_only;
  AppliedDeviceNorm result{training, static_cast<double>(count), training ? mean : norm->running_mean,
                           device_floats({3, norm->weight.size(0)}, norm->weight)};
  check_started(device_kernels()->norm(arguments(norm, result, training ? variance : norm->running_var), stream_of(norm->weight)));
  if (training) count_batch(norm);
  return result;
}

gpu::Gradient device_gradient(const AppliedDeviceNorm& applied, const at::Tensor& x, const at::Tensor& incoming) {
  gpu::Gradient result{};
  result.x = device_map(x);
  result.incoming = incoming.const_data_ptr();
  result.mean = floats(applied.mean);
  result.inverse_std = applied.inverse_std();
  result.scale = applied.scale();
  result.shift = applied.shift();
  return result;
}

DeviceGradientSums sum_device_gradients(const AppliedDeviceNorm& applied, const gpu::Gradient& gradient, const at::Tensor& masked) {
  const std::int64_t channels = gradient.x.channels;
  const at::Tensor& there = applied.values;
  const at::Tensor scratch = device_floats({device_kernels()->scratch(gradient.x)}, there);
  DeviceGradientSums sums{device_floats({channels}, there), device_floats({channels}, there),
                          applied.batch_statistics ? device_floats({2, channels}, there) : at::Tensor()};
  float* const terms = floats(sums.terms);
  check_started(device_kernels()->gradient_sums(
      {gradient, applied.count, masked.defined() ? masked.mutable_data_ptr() : nullptr, floats(scratch), floats(sums.of_weight),
       floats(sums.of_bias), terms, terms ? terms + channels : nullptr},
      stream_of(there)));
  return sums;
}

void write_input_gradient(const DeviceGradientSums& sums, const gpu::Gradient& gradient, const at::Tensor& result, bool add) {
  const float* const terms = floats(sums.terms);
  check_started(device_kernels()->input_gradient(
      {gradient, terms, terms ? terms + gradient.x.channels : nullptr, result.mutable_data_ptr(), pixel_stride(result), add},
      stream_of(result)));
}

at::Tensor device_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  RECORD_FUNCTION("torchport::norm_relu", std::vector<c10::IValue>());
  return fused(norm, x, shortcut, /*relu=*/true);
}

at::Tensor device_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::norm", std::vector<c10::IValue>());
  return fused(norm, x, {}, /*relu=*/false);
}

}  // namespace torchport::models
