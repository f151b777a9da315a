#include "models/nn/cpu/winograd.h"

#include <torch/torch.h>

#include "models/nn/autocast.h"
#include "models/nn/cpu/convolution_node.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/cpu/kernels/winograd_loops.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using kernels::kWinogradPoints;
using kernels::WinogradTiles;
using torch::autograd::variable_list;

// Tiles whose points are multiplied at once by at::bmm.
constexpr std::int64_t kChunk = 512;
// Values of a tensor of points, at most: with what is larger, the allocator goes to the system each time, which costs page faults.
constexpr std::int64_t kLargest = 6'000'000;

WinogradTiles tiles_of(const at::Tensor& map) { return {map.size(0), map.size(2), map.size(3)}; }

at::Tensor points(std::int64_t rows, std::int64_t columns) { return at::empty({kWinogradPoints, rows, columns}, at::kFloat); }

// Calls slice(first, count) for all `channels`, few enough at a time for their filters, of `others` channels each.
template <class Slice>
void in_slices(std::int64_t channels, std::int64_t others, Slice&& slice) {
  const std::int64_t most = kLargest / (kWinogradPoints * others) / kernels::kWinogradLanes * kernels::kWinogradLanes;
  const std::int64_t step = std::max(most, kernels::kWinogradLanes);
  for (std::int64_t first = 0; first < channels; first += step) slice(first, std::min(step, channels - first));
}

// Calls chunk(range) for all tiles.
template <class Chunk>
void in_chunks(const WinogradTiles& tiles, Chunk&& chunk) {
  for (std::int64_t first = 0; first < tiles.count(); first += kChunk)
    chunk(kernels::WinogradRange{first, std::min(kChunk, tiles.count() - first)});
}

at::Tensor input_points(const at::Tensor& x, const kernels::WinogradRange& range) {
  at::Tensor result = points(range.count, x.size(1));
  kernels::input_to_points(tiles_of(x), range, {x.size(1), x.size(1)}, x.const_data_ptr<float>(), result.mutable_data_ptr<float>());
  return result;
}

// filters_of(first, count, into) makes the points [36, channels of x, count] of that slice of the `out` channels.
template <class Filters>
at::Tensor convolved(const at::Tensor& x, std::int64_t out, WinogradProducts products, Filters&& filters_of) {
  const std::int64_t in = x.size(1);
  at::Tensor y = channels_last({x.size(0), out, x.size(2), x.size(3)}, at::kFloat);
  in_slices(out, in, [&](std::int64_t first, std::int64_t count) {
    const at::Tensor filters = points(in, count);
    filters_of(first, count, filters.mutable_data_ptr<float>());
    float* const to = y.mutable_data_ptr<float>() + first;
    if (products == WinogradProducts::blocks) {
      const at::Tensor scratch = at::empty(kernels::winograd_scratch(in, count), at::kFloat);
      return kernels::apply_filters(tiles_of(x), {in, in}, {count, out}, x.const_data_ptr<float>(), filters.const_data_ptr<float>(),
                                    scratch.mutable_data_ptr<float>(), to);
    }
    in_chunks(tiles_of(x), [&](const kernels::WinogradRange& range) {
      const at::Tensor product = at::bmm(input_points(x, range), filters);
      kernels::points_to_output(tiles_of(x), range, {count, out}, product.const_data_ptr<float>(), to);
    });
  });
  return y;
}

// weight: [out, in, 3, 3] in channels-last, which lies in memory as [out, 3, 3, in].
at::Tensor output(const at::Tensor& x, const at::Tensor& weight, WinogradProducts products) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor rows = weight.permute({0, 2, 3, 1}).reshape({out, 9 * in});
  return convolved(x, out, products, [&](std::int64_t first, std::int64_t count, float* filters) {
    const at::Tensor taps = rows.slice(0, first, first + count).t().contiguous();  // [3, 3, in, count]
    kernels::filter_to_points({in, count, count, in * count}, taps.const_data_ptr<float>(), /*rotated=*/false, filters);
  });
}

at::Tensor input_gradient(const at::Tensor& gradient, const at::Tensor& weight, WinogradProducts products) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  return convolved(gradient, in, products, [&](std::int64_t first, std::int64_t count, float* filters) {
    kernels::filter_to_points({out, count, 9 * in, in}, weight.const_data_ptr<float>() + first, /*rotated=*/true, filters);
  });
}

at::Tensor filter_gradient(const at::Tensor& x, const at::Tensor& gradient) {
  const WinogradTiles tiles = tiles_of(x);
  const std::int64_t in = x.size(1), out = gradient.size(1);
  at::Tensor result = channels_last({out, in, 3, 3}, at::kFloat);
  in_slices(out, in, [&](std::int64_t begin, std::int64_t channels) {
    at::Tensor sum = points(channels, in);
    in_chunks(tiles, [&](const kernels::WinogradRange& range) {
      const at::Tensor a = input_points(x, range), b = points(range.count, channels);
      kernels::gradient_to_points(tiles, range, {channels, out}, gradient.const_data_ptr<float>() + begin,
                                  b.mutable_data_ptr<float>());
      if (range.first == 0) {
        at::bmm_out(sum, b.transpose(1, 2), a);
      } else {
        sum.baddbmm_(b.transpose(1, 2), a);
      }
    });
    kernels::points_to_filter({channels, in, 9 * in, in}, sum.const_data_ptr<float>(),
                              result.mutable_data_ptr<float>() + begin * 9 * in);
  });
  return result;
}

struct WinogradNode final : ConvolutionNode {
  WinogradProducts products{};

  std::string name() const override { return "torchport::WinogradNode"; }
  void backward(at::Tensor gradient, variable_list& result) override {
    gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    if (task_should_compute_output(0)) result[0] = input_gradient(gradient, weight.unpack(), products);
    if (task_should_compute_output(1)) result[1] = filter_gradient(x.unpack(), gradient);
  }
};

}  // namespace

bool can_use_winograd(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  if (UnfusedScope::active() || !has_fusible_layout(x)) return false;
  if (AutocastScope::enabled() || x.scalar_type() != at::kFloat) return false;
  const auto& o = convolution->options;
  const at::Tensor& weight = convolution->weight;
  if (weight.size(2) != 3 || weight.size(3) != 3 || o.stride()->at(0) != 1 || o.groups() != 1) return false;
  // Where there are fewer tiles than that, transforming the filters costs more than it saves; so does what hangs over small maps.
  const WinogradTiles tiles = tiles_of(x);
  if (8 * tiles.count() < std::max(weight.size(0), weight.size(1))) return false;
  if (16 * tiles.rows() * tiles.columns() > 2 * tiles.height * tiles.width) return false;
  return weight.size(0) % kernels::kWinogradLanes == 0 && weight.size(1) % kernels::kWinogradLanes == 0 &&
         weight.scalar_type() == at::kFloat && weight.is_contiguous(at::MemoryFormat::ChannelsLast);
}

WinogradProducts fastest_products() { return kernels::can_apply_filters() ? WinogradProducts::blocks : WinogradProducts::bmm; }

at::Tensor winograd_convolution(const torch::nn::Conv2d& convolution, const at::Tensor& x, WinogradProducts products) {
  RECORD_FUNCTION("torchport::winograd_convolution", std::vector<c10::IValue>());
  const at::Tensor& weight = convolution->weight;
  at::Tensor y = output(x, weight.detach(), products);
  if (auto node = set_convolution_history<WinogradNode>(y, x, weight)) node->products = products;
  return y;
}

}  // namespace torchport::models
