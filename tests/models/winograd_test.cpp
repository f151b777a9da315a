// Winograd's convolution beside torch's direct one in float64.
#include "models/nn/winograd.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "models/nn/convolution.h"
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"

namespace models = torchport::models;

namespace {

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel = 3, std::int64_t stride = 1,
                              std::int64_t groups = 1) {
  auto result = models::convolution(models::Drawn::all, in, out, kernel, stride, groups);
  result->weight.set_data(channels_last(result->weight));
  return result;
}

// Relative to the largest value.
double error(const at::Tensor& found, const at::Tensor& wanted) {
  return ((found.to(at::kDouble) - wanted).abs().max() / wanted.abs().max()).item<double>();
}

struct Results {
  at::Tensor y, x_gradient, weight_gradient;
};
Results results(const torch::nn::Conv2d& convolution, const at::Tensor& x, const at::Tensor& gradient, bool winograd) {
  const at::Tensor input = x.detach().requires_grad_(true);
  const at::Tensor weight = convolution->weight;
  const at::Tensor y =
      winograd ? models::winograd_convolution(convolution, input) : at::conv2d(input, weight.to(x.scalar_type()), {}, 1, 1);
  const auto gradients = torch::autograd::grad({y}, {input, weight}, {gradient});
  return {y.detach(), gradients[0], gradients[1]};
}

}  // namespace

TEST_CASE("winograd: values and both gradients are a direct convolution's, a digit less exact", "[winograd]") {
  struct Shape {
    std::int64_t images, in, out, height, width;
  };
  // Whole tiles; tiles that hang over on one side, on the other, on both; a single tile; one image; more tiles than are multiplied
  // at once; more channels than are transformed at once.
  const Shape s = GENERATE(Shape{2, 32, 48, 8, 12}, Shape{3, 16, 32, 7, 8}, Shape{3, 32, 16, 8, 5}, Shape{1, 64, 16, 13, 14},
                           Shape{2, 16, 16, 3, 3}, Shape{1, 128, 128, 4, 4}, Shape{4, 16, 16, 56, 52}, Shape{2, 400, 512, 8, 8});
  torch::manual_seed(3);
  auto layer = convolution(s.in, s.out);
  const at::Tensor x = channels_last(torch::randn({s.images, s.in, s.height, s.width})),
                   gradient = channels_last(torch::randn({s.images, s.out, s.height, s.width}));
  const Results wanted = results(layer, x.to(at::kDouble), gradient.to(at::kDouble), false);
  const Results found = results(layer, x, gradient, true);
  INFO(s.images << " x " << s.in << " -> " << s.out << " x " << s.height << " x " << s.width);
  CHECK(error(found.y, wanted.y) < 1e-5);
  CHECK(error(found.x_gradient, wanted.x_gradient) < 1e-5);
  CHECK(error(found.weight_gradient, wanted.weight_gradient) < 1e-5);
  CHECK(found.y.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(found.weight_gradient.strides() == layer->weight.strides());
}

TEST_CASE("winograd: the number of threads changes no bit of the values", "[winograd]") {
  torch::manual_seed(4);
  auto layer = convolution(32, 32);
  const at::Tensor x = channels_last(torch::randn({3, 32, 23, 30})), gradient = channels_last(torch::randn({3, 32, 23, 30}));
  const int threads = at::get_num_threads();
  const Results first = results(layer, x, gradient, true);
  at::set_num_threads(threads == 1 ? 2 : 1);
  const Results second = results(layer, x, gradient, true);
  at::set_num_threads(threads);
  CHECK(at::equal(first.y, second.y));
  CHECK(at::equal(first.x_gradient, second.x_gradient));
}

TEST_CASE("winograd: gradients that nobody wants are not computed", "[winograd]") {
  auto layer = convolution(16, 16);
  const at::Tensor x = channels_last(torch::randn({2, 16, 8, 8}));
  models::winograd_convolution(layer, x).sum().backward();
  CHECK(layer->weight.grad().defined());
  layer->weight.set_requires_grad(false);
  CHECK_FALSE(models::winograd_convolution(layer, x).requires_grad());
  const at::Tensor input = x.clone().requires_grad_(true);
  models::winograd_convolution(layer, input).sum().backward();
  CHECK(error(input.grad(), at::conv_transpose2d(at::ones_like(x), layer->weight, {}, 1, 1).to(at::kDouble)) < 1e-5);
}

TEST_CASE("winograd: what it cannot take or would not speed up is convolved directly", "[winograd]") {
  const at::NoGradGuard values_only;
  const at::Tensor x = channels_last(torch::randn({4, 32, 16, 16}));
  CHECK(models::can_use_winograd(convolution(32, 32), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.contiguous()));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.to(at::kBFloat16)));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 24), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 1), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 3, 2), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 3, 1, 2), x));
  CHECK_FALSE(models::can_use_winograd(models::convolution(models::Drawn::all, 32, 32, 3), x));  // contiguous weights
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.slice(2, 0, 1).contiguous(at::MemoryFormat::ChannelsLast)));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 528), x));  // 64 tiles for 528 channels
  {
    const models::UnfusedScope by_operation;
    CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x));
  }
  at::autocast::set_autocast_enabled(at::kCPU, true);
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x));
  at::autocast::set_autocast_enabled(at::kCPU, false);
  auto direct = convolution(32, 24);
  CHECK(at::equal(models::convolve(direct, x), direct->forward(x)));
}

TEST_CASE("winograd: a convolution of these networks goes through it, and its gradient is not differentiated again", "[winograd]") {
  auto layer = convolution(32, 32);
  const at::Tensor x = channels_last(torch::randn({4, 32, 16, 16})).requires_grad_(true);
  const at::Tensor y = models::convolve(layer, x);
  CHECK(y.grad_fn()->name() == "torchport::WinogradNode");
  CHECK_THROWS_AS(torch::autograd::grad({y.sum()}, {x}, {}, true, /*create_graph=*/true), std::logic_error);
}
