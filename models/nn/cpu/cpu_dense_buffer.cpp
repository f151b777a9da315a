#include "models/nn/cpu/cpu_dense_buffer.h"

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/torch.h>

#include <cstddef>
#include <cstring>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/dense_node.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::autograd::variable_list;

// Like copy_, which does not see that the channels of a pixel are one piece of memory.
void copy_pixels(const at::Tensor& from, const at::Tensor& to) {
  const auto in = pixels<const void>(from), out = pixels<const void>(to);
  const auto size = static_cast<std::int64_t>(from.element_size());
  const auto* const source = static_cast<const std::byte*>(in.data);
  auto* const target = static_cast<std::byte*>(to.mutable_data_ptr());
  const auto length = static_cast<std::size_t>(in.channels * size);
  at::parallel_for(0, in.count, kernels::grain(in.channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) std::memcpy(target + i * out.stride * size, source + i * in.stride * size, length);
  });
}

struct DenseNormNode final : DenseNode {
  AppliedNorm applied;

  std::string name() const override { return "torchport::DenseNormNode"; }

 private:
  void backward(at::Tensor gradient, at::Tensor later, variable_list& result) override {
    with_type_of(features, [&](auto value) { compute<decltype(value)>(std::move(gradient), std::move(later), result); });
  }

  template <class T>
  void compute(at::Tensor gradient, at::Tensor later, variable_list& result) {
    const auto in = pixels<const T>(features);
    const kernels::Mask<T> mask{nullptr, applied.scale.data(), applied.shift.data()};
    const bool for_x = task_should_compute_output(0);
    const T* const from = gradient.const_data_ptr<T>();
    kernels::GradientSums sums;
    if (task_should_compute_output(1) || task_should_compute_output(2) || applied.batch_statistics) {
      sums = kernels::gradient_sums(in, from, mask, applied.mean.data(), static_cast<T*>(nullptr));
    }
    if (task_should_compute_output(1)) result[1] = weight_gradient(applied, sums);
    if (task_should_compute_output(2)) result[2] = bias_gradient(sums);
    if (!for_x) return;
    const GradientTerms terms(applied, sums);
    const bool add = later.defined();
    result[0] = add ? std::move(later) : at::empty_like(gradient);
    kernels::input_gradient(in, from, mask, {applied.scale.data(), applied.mean.data(), terms.slope.data(), terms.offset.data()},
                            pixels<T>(result[0]), add);
  }
};

template <class T>
void forward(const AppliedNorm& applied, const at::Tensor& x, at::Tensor& y) {
  kernels::scale_shift_relu(pixels<const T>(x), applied.scale.data(), applied.shift.data(), static_cast<const T*>(nullptr),
                            y.mutable_data_ptr<T>());
}

}  // namespace

CpuDenseBuffer::CpuDenseBuffer(const at::Tensor& x, std::int64_t channels) : DenseBuffer(x, channels, copy_pixels) {}

void CpuDenseBuffer::take(const at::Tensor& features, const at::Tensor& room) { copy_pixels(features, room); }

const kernels::Moments& CpuDenseBuffer::moments() {
  const auto known = static_cast<std::int64_t>(moments_.mean.size());
  if (known < channels_) {
    const at::AutoDispatchBelowADInplaceOrView plain;
    const at::Tensor unknown = buffer_.narrow(1, known, channels_ - known);
    const kernels::Moments more = moments_of(unknown);
    moments_.mean.insert(moments_.mean.end(), more.mean.begin(), more.mean.end());
    moments_.variance.insert(moments_.variance.end(), more.variance.begin(), more.variance.end());
  }
  return moments_;
}

at::Tensor CpuDenseBuffer::norm_relu(torch::nn::BatchNorm2d& norm) {
  const std::int64_t count = buffer_.numel() / buffer_.size(1);
  if (!has_fusible_weights(norm, channels_, count))
    return unfused_norm_relu(norm, current_.contiguous(at::MemoryFormat::ChannelsLast));
  RECORD_FUNCTION("torchport::dense_norm_relu", std::vector<c10::IValue>());
  const at::Tensor features = view();
  AppliedNorm applied = apply_norm(norm, norm->is_training() ? moments() : kernels::Moments{}, count);
  at::Tensor y = features_of_its_own();
  with_type_of(features, [&](auto value) { forward<decltype(value)>(applied, features, y); });
  const variable_list sources = {current_, norm->weight, norm->bias};
  if (!wants_gradient(sources)) return y;
  const auto node = make_node<DenseNormNode>(sources);
  node->applied = std::move(applied);
  remember(node, features, y);
  return y;
}

}  // namespace torchport::models
