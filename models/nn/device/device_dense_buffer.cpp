#include "models/nn/device/device_dense_buffer.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/torch.h>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/dense_node.h"
#include "models/nn/device/device_norm.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::autograd::variable_list;

// Whether pixels, or parts of them, begin and end where a pack does.
bool is_in_packs(const at::Tensor& x) {
  const int pack = gpu::pack_size(device_type_of(x.scalar_type()));
  return x.size(1) % pack == 0 && pixel_stride(x) % pack == 0 && reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % 16 == 0;
}

void copy_pixels(const at::Tensor& from, const at::Tensor& to) {
  if (!is_in_packs(from) || !is_in_packs(to)) {
    to.copy_(from);
    return;
  }
  check_started(device_kernels()->copy({device_map(from), to.mutable_data_ptr(), pixel_stride(to)}, stream_of(to)));
}

struct DeviceDenseNormNode final : DenseNode {
  AppliedDeviceNorm applied;

  std::string name() const override { return "torchport::DeviceDenseNormNode"; }

 private:
  void backward(at::Tensor gradient, at::Tensor later, variable_list& result) override {
    gpu::Gradient terms = device_gradient(applied, features, gradient);
    terms.by_input = true;
    DeviceGradientSums sums;
    if (task_should_compute_output(1) || task_should_compute_output(2) || applied.batch_statistics)
      sums = sum_device_gradients(applied, terms, {});
    if (task_should_compute_output(1)) result[1] = sums.of_weight;
    if (task_should_compute_output(2)) result[2] = sums.of_bias;
    if (!task_should_compute_output(0)) return;
    const bool add = later.defined();
    result[0] = add ? std::move(later) : at::empty_like(gradient);
    write_input_gradient(sums, terms, result[0], add);
  }
};

}  // namespace

DeviceDenseBuffer::DeviceDenseBuffer(const at::Tensor& x, std::int64_t channels)
    : DenseBuffer(x, channels, copy_pixels), moments_(device_floats({2, channels}, x)) {}

// The moments are taken as the features are read, whether a norm will ask for them or not: this costs no pass of its own.
void DeviceDenseBuffer::take(const at::Tensor& features, const at::Tensor& room) {
  in_packs_ &= is_in_packs(features) && is_in_packs(room);
  if (!in_packs_) {
    room.copy_(features);
    return;
  }
  const at::Tensor scratch = device_scratch(features);
  float* const moments = moments_.mutable_data_ptr<float>() + channels_;
  check_started(device_kernels()->moments({device_map(features), room.mutable_data_ptr(), pixel_stride(room),
                                           scratch.mutable_data_ptr<float>(), moments, moments + moments_.size(1)},
                                          nullptr, stream_of(room)));
}

at::Tensor DeviceDenseBuffer::norm_relu(torch::nn::BatchNorm2d& norm) {
  const std::int64_t count = buffer_.numel() / buffer_.size(1);
  if (!in_packs_ || !has_device_weights(norm, channels_, count))
    return unfused_norm_relu(norm, current_.contiguous(at::MemoryFormat::ChannelsLast));
  RECORD_FUNCTION("torchport::dense_norm_relu", std::vector<c10::IValue>());
  const at::Tensor features = view();
  AppliedDeviceNorm applied =
      apply_device_norm(norm, moments_.select(0, 0).narrow(0, 0, channels_), moments_.select(0, 1).narrow(0, 0, channels_), count);
  at::Tensor y = features_of_its_own();
  check_started(device_kernels()->apply(
      {device_map(features), applied.scale(), applied.shift(), nullptr, /*relu=*/true, y.mutable_data_ptr()}, stream_of(y)));
  const variable_list sources = {current_, norm->weight, norm->bias};
  if (!wants_gradient(sources)) return y;
  const auto node = make_node<DeviceDenseNormNode>(sources);
  node->applied = std::move(applied);
  remember(node, features, y);
  return y;
}

}  // namespace torchport::models
