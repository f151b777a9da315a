#include "models/nn/cpu/float_products.h"

#include <torch/torch.h>

#include <algorithm>

#include "models/nn/autocast.h"
#include "models/nn/cpu/convolution_node.h"
#include "models/nn/cpu/cpu_bfloat16.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::autograd::variable_list;

// Values, of x and y, that are float32 at once: those of a 1 x 1 convolution stay in the caches; other convolutions are slower with
// an image or two at a time, and with all at once no faster, for more memory.
constexpr std::int64_t kPointwiseChunk = 1 << 20, kChunk = 4 << 20;

struct Geometry {
  std::int64_t kernel, stride, groups;
};
Geometry geometry_of(const torch::nn::Conv2d& convolution) {
  return {convolution->weight.size(2), convolution->options.stride()->at(0), convolution->options.groups()};
}

// A product of matrices at each pixel, which needs no float32 copy of the whole map.
bool is_pointwise(const Geometry& g, const at::Tensor& x) {
  return g.kernel == 1 && g.stride == 1 && g.groups == 1 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// The pixels of a channels-last map, a view [N x H x W, channels].
at::Tensor rows(const at::Tensor& map) { return map.permute({0, 2, 3, 1}).view({-1, map.size(1)}); }

// Calls work(first, last) for `count` pixels or images of `size` values each.
template <class Work>
void in_chunks(std::int64_t count, std::int64_t size, std::int64_t values, Work&& work) {
  const std::int64_t chunk = std::max<std::int64_t>(values / size, 1);
  for (std::int64_t first = 0; first < count; first += chunk) work(first, std::min(count, first + chunk));
}

template <class Work>
void by_images(const at::Tensor& x, const at::Tensor& y, Work&& work) {
  in_chunks(x.size(0), (x.numel() + y.numel()) / x.size(0), kChunk, work);
}

// `matrix`: [channels of x, channels of the result].
at::Tensor at_each_pixel(const at::Tensor& x, const at::Tensor& matrix) {
  at::Tensor y = channels_last({x.size(0), matrix.size(1), x.size(2), x.size(3)}, x.scalar_type());
  const at::Tensor from = rows(x), to = rows(y);
  in_chunks(from.size(0), matrix.size(0) + matrix.size(1), kPointwiseChunk, [&](std::int64_t first, std::int64_t last) {
    to.slice(0, first, last).copy_(at::mm(from.slice(0, first, last).to(at::kFloat), matrix));
  });
  return y;
}

// [channels of the gradient, channels of x].
at::Tensor sum_over_pixels(const at::Tensor& gradient, const at::Tensor& x) {
  at::Tensor result = at::empty({gradient.size(1), x.size(1)}, at::kFloat), a = rows(gradient), b = rows(x);
  in_chunks(b.size(0), result.size(0) + result.size(1), kPointwiseChunk, [&](std::int64_t first, std::int64_t last) {
    result.addmm_(a.slice(0, first, last).to(at::kFloat).t(), b.slice(0, first, last).to(at::kFloat), /*beta=*/first == 0 ? 0 : 1);
  });
  return result;
}

at::Tensor output(const at::Tensor& x, const at::Tensor& weight, const Geometry& g) {
  const AutocastScope float32(c10::kCPU, false);
  if (is_pointwise(g, x)) return at_each_pixel(x, weight.flatten(1).t());
  const auto along = [&](std::int64_t size) { return (size + g.kernel / 2 * 2 - g.kernel) / g.stride + 1; };
  at::Tensor y = channels_last({x.size(0), weight.size(0), along(x.size(2)), along(x.size(3))}, x.scalar_type());
  by_images(x, y, [&](std::int64_t first, std::int64_t last) {
    y.slice(0, first, last)
        .copy_(at::conv2d(x.slice(0, first, last).to(at::kFloat), weight, {}, g.stride, g.kernel / 2, /*dilation=*/1, g.groups));
  });
  return y;
}

struct FloatProductsNode final : ConvolutionNode {
  Geometry geometry{};

  std::string name() const override { return "torchport::FloatProductsNode"; }
  void backward(at::Tensor gradient, variable_list& result) override {
    const AutocastScope float32(c10::kCPU, false);
    const at::Tensor input = x.unpack(), filters = weight.unpack();
    const Geometry& g = geometry;
    if (is_pointwise(g, input)) {
      gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
      if (task_should_compute_output(0)) result[0] = at_each_pixel(gradient, filters.flatten(1));
      if (task_should_compute_output(1)) result[1] = sum_over_pixels(gradient, input).view_as(filters);
      return;
    }
    if (task_should_compute_output(0)) result[0] = at::empty_like(input);
    by_images(input, gradient, [&](std::int64_t first, std::int64_t last) {
      const auto [of_x, of_weight, of_bias] = at::convolution_backward(
          gradient.slice(0, first, last).to(at::kFloat), input.slice(0, first, last).to(at::kFloat), filters, /*bias_sizes=*/{},
          {g.stride, g.stride}, {g.kernel / 2, g.kernel / 2}, /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
          g.groups, {task_should_compute_output(0), task_should_compute_output(1), false});
      if (of_x.defined()) result[0].slice(0, first, last).copy_(of_x);
      if (of_weight.defined()) result[1] = first == 0 ? of_weight : result[1].add_(of_weight);
    });
  }
};

}  // namespace

bool wants_float_products(const at::Tensor& x) {
  static const bool float32_is_faster = !cpu_multiplies_bfloat16_faster();
  return float32_is_faster && AutocastScope::enabled(c10::kCPU) && !UnfusedScope::active() && x.device().is_cpu() &&
         x.scalar_type() == at::kBFloat16;
}

at::Tensor convolve_by_float_products(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  RECORD_FUNCTION("torchport::float_products", std::vector<c10::IValue>());
  const at::Tensor& weight = convolution->weight;
  const Geometry geometry = geometry_of(convolution);
  at::Tensor y = output(x.detach(), weight.detach(), geometry);
  if (auto node = set_convolution_history<FloatProductsNode>(y, x, weight)) node->geometry = geometry;
  return y;
}

}  // namespace torchport::models
