#include "models/nn/cpu/fused_norm.h"

#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include <cmath>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

template <class T>
const T* data(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<const T*>(tensor.const_data_ptr()) : nullptr;
}
template <class T>
T* mutable_data(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.mutable_data_ptr()) : nullptr;
}

// Inputs: x, weight, bias and, where there is one, the shortcut.
struct FusedNormNode final : FusedNode {
  AppliedNorm applied;
  bool relu = true;
  SavedVariable x, y;  // y with a shortcut only: without one, x tells where ReLU let the gradient through

  std::string name() const override { return "torchport::FusedNormNode"; }
  void release_variables() override {
    x.reset_data();
    y.reset_data();
  }
  void backward(at::Tensor gradient, variable_list& result) override {
    if (!gradient.is_contiguous(at::MemoryFormat::ChannelsLast)) gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor input = x.unpack(), output = num_outputs() == 4 ? y.unpack(shared_from_this()) : at::Tensor();
    with_type_of(input, [&](auto value) { compute<decltype(value)>(std::move(gradient), input, output, result); });
  }

 private:
  template <class T>
  void compute(at::Tensor gradient, const at::Tensor& input, const at::Tensor& output, variable_list& result) {
    const auto in = pixels<const T>(input);
    kernels::Mask<T> mask;
    if (output.defined()) mask.output = data<T>(output);
    if (relu && !output.defined()) mask = {nullptr, applied.scale.data(), applied.shift.data()};
    const bool for_x = task_should_compute_output(0), for_weights = task_should_compute_output(1) || task_should_compute_output(2);
    const bool for_shortcut = output.defined() && task_should_compute_output(3);
    // The gradient's memory takes what comes of it, if it is nobody else's.
    const bool reuse = is_ours_alone(gradient);
    const auto space = [&] { return reuse ? gradient : at::empty_like(input); };

    kernels::GradientSums sums;
    if (for_weights || for_shortcut || (for_x && applied.batch_statistics)) {
      const at::Tensor masked = for_shortcut ? space() : at::Tensor();
      sums = kernels::gradient_sums(in, data<T>(gradient), mask, applied.mean.data(), mutable_data<T>(masked));
      if (for_shortcut) {
        result[3] = gradient = masked;
        mask = {};
      }
    }
    if (task_should_compute_output(1)) result[1] = weight_gradient(applied, sums);
    if (task_should_compute_output(2)) result[2] = bias_gradient(sums);
    if (!for_x) return;
    const GradientTerms terms(applied, sums);
    result[0] = for_shortcut ? at::empty_like(input) : space();
    kernels::input_gradient(in, data<T>(gradient), mask,
                            {applied.scale.data(), applied.mean.data(), terms.slope.data(), terms.offset.data()},
                            pixels<T>(result[0]), /*add=*/false);
  }
};

template <class T>
at::Tensor forward(const AppliedNorm& applied, const at::Tensor& x, const at::Tensor& shortcut, bool relu) {
  at::Tensor y = at::empty_like(x);
  const float *scale = applied.scale.data(), *shift = applied.shift.data();
  if (relu) {
    kernels::scale_shift_relu(pixels<const T>(x), scale, shift, data<T>(shortcut), mutable_data<T>(y));
  } else {
    kernels::scale_shift(pixels<const T>(x), scale, shift, mutable_data<T>(y));
  }
  return y;
}

at::Tensor fused(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut, bool relu) {
  AppliedNorm applied = apply_norm(norm, batch_moments(norm, x), x.numel() / x.size(1));
  at::Tensor y = with_type_of(x, [&](auto value) { return forward<decltype(value)>(applied, x, shortcut, relu); });
  variable_list sources = {x, norm->weight, norm->bias};
  if (shortcut.defined()) sources.push_back(shortcut);
  if (!wants_gradient(sources)) return y;
  auto node = make_node<FusedNormNode>(sources);
  node->applied = std::move(applied);
  node->relu = relu;
  node->x = SavedVariable(x, /*is_output=*/false);
  torch::autograd::set_history(y, node);
  if (shortcut.defined()) node->y = SavedVariable(y, /*is_output=*/true);
  return y;
}

bool is_float32(const at::Tensor& tensor, at::DeviceType on) {
  return tensor.defined() && tensor.device().type() == on && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

}  // namespace

bool is_ours_alone(const at::Tensor& tensor) { return tensor.use_count() == 1 && tensor.storage().use_count() == 1; }

bool has_map_layout(const at::Tensor& x) {
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return false;
  // A contiguous map of 1 x 1 is in channels-last order too, but not of a network that is.
  if (x.dim() != 4 || x.suggest_memory_format() != at::MemoryFormat::ChannelsLast) return false;
  return x.numel() > 0 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool has_fusible_layout(const at::Tensor& x) { return x.device().is_cpu() && has_map_layout(x); }

bool has_float32_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel,
                         at::DeviceType on) {
  for (const auto* tensor : {&norm->weight, &norm->bias, &norm->running_mean, &norm->running_var})
    if (!is_float32(*tensor, on)) return false;
  // Of a single value a channel there is no variance: torch's own norm says so.
  return norm->weight.size(0) == channels && norm->options.momentum().has_value() &&
         (!norm->is_training() || values_per_channel > 1);
}

bool has_fusible_weights(const torch::nn::BatchNorm2d& norm, std::int64_t channels, std::int64_t values_per_channel) {
  return has_float32_weights(norm, channels, values_per_channel, at::kCPU);
}

bool can_fuse(const torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  if (UnfusedScope::active() || !has_fusible_layout(x)) return false;
  if (shortcut.defined()) {
    if (!has_fusible_layout(shortcut) || shortcut.scalar_type() != x.scalar_type() || shortcut.sizes() != x.sizes()) return false;
  }
  return has_fusible_weights(norm, x.size(1), x.numel() / x.size(1));
}

kernels::Moments moments_of(const at::Tensor& x) {
  return with_type_of(x, [&](auto value) { return kernels::moments(pixels<const decltype(value)>(x)); });
}

kernels::Moments batch_moments(const torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (!norm->is_training()) return {};
  return moments_of(x);
}

AppliedNorm apply_norm(torch::nn::BatchNorm2d& norm, const kernels::Moments& moments, std::int64_t count) {
  const auto channels = static_cast<std::size_t>(norm->weight.size(0));
  const float *weight = data<float>(norm->weight), *bias = data<float>(norm->bias);
  at::NoGradGuard values_only;
  float *running_mean = mutable_data<float>(norm->running_mean), *running_var = mutable_data<float>(norm->running_var);
  const bool training = norm->is_training();
  const double momentum = *norm->options.momentum(), n = static_cast<double>(count);
  if (training) norm->num_batches_tracked.add_(1);
  AppliedNorm result{training, n, {}, {}, {}, {}};
  for (auto* values : {&result.mean, &result.inverse_std, &result.scale, &result.shift}) values->resize(channels);
  for (std::size_t k = 0; k < channels; ++k) {
    const double mean = training ? moments.mean[k] : running_mean[k], variance = training ? moments.variance[k] : running_var[k];
    const double inverse_std = 1 / std::sqrt(variance + norm->options.eps());
    result.mean[k] = static_cast<float>(mean);
    result.inverse_std[k] = static_cast<float>(inverse_std);
    result.scale[k] = static_cast<float>(weight[k] * inverse_std);
    result.shift[k] = static_cast<float>(bias[k] - mean * weight[k] * inverse_std);
    if (!training) continue;
    const double unbiased = variance * n / (n - 1);
    running_mean[k] = static_cast<float>(momentum * mean + (1 - momentum) * running_mean[k]);
    running_var[k] = static_cast<float>(momentum * unbiased + (1 - momentum) * running_var[k]);
  }
  return result;
}

GradientTerms::GradientTerms(const AppliedNorm& applied, const kernels::GradientSums& sums)
    : slope(applied.mean.size()), offset(applied.mean.size()) {
  if (!applied.batch_statistics) return;
  for (std::size_t k = 0; k < slope.size(); ++k) {
    const double scale = applied.scale[k], inverse_std = applied.inverse_std[k];
    slope[k] = static_cast<float>(scale * inverse_std * inverse_std * sums.product[k] / applied.count);
    offset[k] = static_cast<float>(scale * sums.gradient[k] / applied.count);
  }
}

at::Tensor weight_gradient(const AppliedNorm& applied, const kernels::GradientSums& sums) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(applied.mean.size())}, at::kFloat);
  float* out = mutable_data<float>(result);
  for (std::size_t k = 0; k < applied.mean.size(); ++k) out[k] = static_cast<float>(sums.product[k] * applied.inverse_std[k]);
  return result;
}

at::Tensor bias_gradient(const kernels::GradientSums& sums) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(sums.gradient.size())}, at::kFloat);
  float* out = mutable_data<float>(result);
  for (std::size_t k = 0; k < sums.gradient.size(); ++k) out[k] = static_cast<float>(sums.gradient[k]);
  return result;
}

at::Tensor fused_norm_relu(torch::nn::BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  RECORD_FUNCTION("torchport::norm_relu", std::vector<c10::IValue>());
  return fused(norm, x, shortcut, /*relu=*/true);
}

at::Tensor fused_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::norm", std::vector<c10::IValue>());
  return fused(norm, x, {}, /*relu=*/false);
}

}  // namespace torchport::models
