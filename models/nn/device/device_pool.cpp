#include "models/nn/device/device_pool.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/device/device_norm.h"

namespace torchport::models {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

gpu::Pool pool_of(const at::Tensor& x) { return {x.size(0), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))}; }

// Inputs: x, weight, bias.
struct DevicePoolNode final : FusedNode {
  AppliedDeviceNorm applied;
  SavedVariable x;
  at::Tensor place;  // uint8, of the output's shape

  std::string name() const override { return "torchport::DevicePoolNode"; }
  void release_variables() override {
    x.reset_data();
    place.reset();
  }
  // The gradient is spread over the windows wherever it is read: a map of x's size less to write and read.
  void backward(at::Tensor gradient, variable_list& result) override {
    gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor input = x.unpack();
    gpu::Gradient terms = device_gradient(applied, input, gradient);
    terms.place = place.const_data_ptr<std::uint8_t>();
    terms.pool = pool_of(input);
    const DeviceGradientSums sums = sum_device_gradients(applied, terms, {});
    if (task_should_compute_output(1)) result[1] = sums.of_weight;
    if (task_should_compute_output(2)) result[2] = sums.of_bias;
    if (!task_should_compute_output(0)) return;
    result[0] = at::empty_like(input);
    write_input_gradient(sums, terms, result[0]);
  }
};

}  // namespace

at::Tensor device_norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::norm_relu_max_pool", std::vector<c10::IValue>());
  AppliedDeviceNorm applied = apply_device_norm(norm, x);
  const gpu::Pool pool = pool_of(x);
  const std::vector<std::int64_t> sizes = {pool.images, x.size(1), pool.out_height(), pool.out_width()};
  at::Tensor y = at::empty(sizes, x.options().requires_grad(false).memory_format(at::MemoryFormat::ChannelsLast));
  at::Tensor place = at::empty(sizes, y.options().dtype(at::kByte).memory_format(at::MemoryFormat::ChannelsLast));
  check_started(device_kernels()->apply_pool(
      {device_map(x), pool, applied.scale(), applied.shift(), y.mutable_data_ptr(), place.mutable_data_ptr<std::uint8_t>()},
      stream_of(x)));
  const variable_list sources = {x, norm->weight, norm->bias};
  if (!wants_gradient(sources)) return y;
  auto node = make_node<DevicePoolNode>(sources);
  node->applied = std::move(applied);
  node->x = SavedVariable(x, /*is_output=*/false);
  node->place = std::move(place);
  torch::autograd::set_history(y, node);
  return y;
}

}  // namespace torchport::models
