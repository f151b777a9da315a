#include "models/nn/cpu/fused_pool.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/cpu/kernels/pool_loops.h"

namespace torchport::models {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

kernels::PoolShape shape_of(const at::Tensor& x) { return {x.size(0), x.size(2), x.size(3), x.size(1)}; }

// Inputs: x, weight, bias.
struct FusedPoolNode final : FusedNode {
  AppliedNorm applied;
  SavedVariable x;
  at::Tensor place;  // uint8, of the output's shape

  std::string name() const override { return "torchport::FusedPoolNode"; }
  void release_variables() override {
    x.reset_data();
    place.reset();
  }
  void backward(at::Tensor gradient, variable_list& result) override {
    gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor input = x.unpack();
    with_type_of(input, [&](auto value) { compute<decltype(value)>(gradient, input, result); });
  }

 private:
  template <class T>
  void compute(const at::Tensor& gradient, const at::Tensor& input, variable_list& result) {
    const at::Tensor spread = at::empty_like(input);
    kernels::max_pool_gradient(shape_of(input), gradient.const_data_ptr<T>(), place.const_data_ptr<std::uint8_t>(),
                               spread.mutable_data_ptr<T>());
    const auto sums = kernels::gradient_sums(pixels<const T>(input), spread.const_data_ptr<T>(), {}, applied.mean.data(),
                                             static_cast<T*>(nullptr));
    if (task_should_compute_output(1)) result[1] = weight_gradient(applied, sums);
    if (task_should_compute_output(2)) result[2] = bias_gradient(sums);
    if (!task_should_compute_output(0)) return;
    const GradientTerms terms(applied, sums);
    kernels::input_gradient(pixels<const T>(input), spread.const_data_ptr<T>(), {},
                            {applied.scale.data(), applied.mean.data(), terms.slope.data(), terms.offset.data()}, pixels<T>(spread),
                            /*add=*/false);
    result[0] = spread;
  }
};

template <class T>
void forward(const AppliedNorm& applied, const at::Tensor& x, at::Tensor& y, at::Tensor& place) {
  kernels::scale_shift_relu_max_pool(shape_of(x), x.const_data_ptr<T>(), applied.scale.data(), applied.shift.data(),
                                     y.mutable_data_ptr<T>(), place.mutable_data_ptr<std::uint8_t>());
}

}  // namespace

at::Tensor fused_norm_relu_max_pool(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::norm_relu_max_pool", std::vector<c10::IValue>());
  AppliedNorm applied = apply_norm(norm, batch_moments(norm, x), x.numel() / x.size(1));
  const auto shape = shape_of(x);
  const std::vector<std::int64_t> sizes = {shape.images, shape.channels, shape.out_height(), shape.out_width()};
  at::Tensor y = at::empty(sizes, x.options().requires_grad(false).memory_format(at::MemoryFormat::ChannelsLast));
  at::Tensor place = at::empty(sizes, y.options().dtype(at::kByte).memory_format(at::MemoryFormat::ChannelsLast));
  with_type_of(x, [&](auto value) { forward<decltype(value)>(applied, x, y, place); });
  const variable_list sources = {x, norm->weight, norm->bias};
  if (!wants_gradient(sources)) return y;
  auto node = make_node<FusedPoolNode>(sources);
  node->applied = std::move(applied);
  node->x = SavedVariable(x, /*is_output=*/false);
  node->place = std::move(place);
  torch::autograd::set_history(y, node);
  return y;
}

}  // namespace torchport::models
