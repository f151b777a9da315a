#include "models/nn/winograd.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/torch.h>

#include "models/nn/fused_norm.h"
#include "models/nn/kernels/winograd_loops.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using kernels::kWinogradPoints;
using kernels::WinogradTiles;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// Tiles whose points are multiplied at once for the weights' gradient.
constexpr std::int64_t kChunk = 512;

WinogradTiles tiles_of(const at::Tensor& map) { return {map.size(0), map.size(2), map.size(3)}; }

at::Tensor points(std::int64_t rows, std::int64_t columns) { return at::empty({kWinogradPoints, rows, columns}, at::kFloat); }

// filters: points [36, channels of x, channels of the result].
at::Tensor filtered(const at::Tensor& x, const at::Tensor& filters) {
  const WinogradTiles tiles = tiles_of(x);
  const std::int64_t in = filters.size(1), out = filters.size(2);
  at::Tensor y = at::empty({x.size(0), out, x.size(2), x.size(3)}, x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const at::Tensor scratch = at::empty(kernels::winograd_scratch(in, out), at::kFloat);
  kernels::apply_filters(tiles, in, out, x.const_data_ptr<float>(), filters.const_data_ptr<float>(),
                         scratch.mutable_data_ptr<float>(), y.mutable_data_ptr<float>());
  return y;
}

// weight: [out, in, 3, 3] in channels-last. Filters for the forward pass lie in memory as [3, 3, in, out].
at::Tensor forward_filters(const at::Tensor& weight) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor taps = weight.permute({2, 3, 1, 0}).contiguous(), result = points(in, out);
  kernels::filter_to_points({in, out, out, in * out}, taps.const_data_ptr<float>(), /*rotated=*/false,
                            result.mutable_data_ptr<float>());
  return result;
}
at::Tensor backward_filters(const at::Tensor& weight) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor result = points(out, in);
  kernels::filter_to_points({out, in, 9 * in, in}, weight.const_data_ptr<float>(), /*rotated=*/true,
                            result.mutable_data_ptr<float>());
  return result;
}

at::Tensor filter_gradient(const at::Tensor& x, const at::Tensor& gradient) {
  const WinogradTiles tiles = tiles_of(x);
  const std::int64_t in = x.size(1), out = gradient.size(1);
  const at::Tensor sum = points(out, in);
  for (std::int64_t first = 0; first < tiles.count(); first += kChunk) {
    const std::int64_t count = std::min(kChunk, tiles.count() - first);
    const at::Tensor a = points(count, in), b = points(count, out);
    kernels::input_to_points(tiles, {first, count, in}, x.const_data_ptr<float>(), a.mutable_data_ptr<float>());
    kernels::gradient_to_points(tiles, {first, count, out}, gradient.const_data_ptr<float>(), b.mutable_data_ptr<float>());
    at::Tensor target = sum;
    if (first == 0) {
      at::bmm_out(target, b.transpose(1, 2), a);
    } else {
      target.baddbmm_(b.transpose(1, 2), a);
    }
  }
  const at::Tensor result = at::empty({out, in, 3, 3}, x.options().memory_format(at::MemoryFormat::ChannelsLast));
  kernels::points_to_filter({out, in, 9 * in, in}, sum.const_data_ptr<float>(), result.mutable_data_ptr<float>());
  return result;
}

// Inputs: x, weight.
struct WinogradNode final : torch::autograd::Node {
  SavedVariable x, weight;

  std::string name() const override { return "torchport::WinogradNode"; }
  void release_variables() override {
    x.reset_data();
    weight.reset_data();
  }
  variable_list apply(variable_list&& gradients) override {
    variable_list result(num_outputs());
    if (!gradients.at(0).defined()) return result;
    refuse_double_backward();
    const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    if (task_should_compute_output(0)) result[0] = filtered(gradient, backward_filters(weight.unpack()));
    if (task_should_compute_output(1)) result[1] = filter_gradient(x.unpack(), gradient);
    return result;
  }
};

}  // namespace

bool can_use_winograd(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  if (UnfusedScope::active() || !has_fusible_layout(x) || x.scalar_type() != at::kFloat) return false;
  if (at::autocast::is_autocast_enabled(at::kCPU)) return false;
  const auto& o = convolution->options;
  const at::Tensor& weight = convolution->weight;
  if (weight.size(2) != 3 || weight.size(3) != 3 || o.stride()->at(0) != 1 || o.groups() != 1) return false;
  // Where there are fewer tiles than that, transforming the filters costs more than it saves; so does what hangs over small maps.
  const WinogradTiles tiles = tiles_of(x);
  if (4 * tiles.count() < std::max(weight.size(0), weight.size(1))) return false;
  if (16 * tiles.rows() * tiles.columns() > 2 * tiles.height * tiles.width) return false;
  return weight.size(0) % kernels::kWinogradLanes == 0 && weight.size(1) % kernels::kWinogradLanes == 0 &&
         weight.scalar_type() == at::kFloat && weight.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor winograd_convolution(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::winograd_convolution", std::vector<c10::IValue>());
  const at::Tensor& weight = convolution->weight;
  at::Tensor y = filtered(x, forward_filters(weight.detach()));
  if (!wants_gradient({x, weight})) return y;
  auto node = std::shared_ptr<WinogradNode>(new WinogradNode, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(x, weight));
  node->x = SavedVariable(x, /*is_output=*/false);
  node->weight = SavedVariable(weight, /*is_output=*/false);
  torch::autograd::set_history(y, node);
  return y;
}

}  // namespace torchport::models
