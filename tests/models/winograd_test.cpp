// Winograd's convolution beside torch's direct one in float64.
#include "models/nn/cpu/winograd.h"

#include "models/nn/autocast.h"
#include "models/nn/norm_activation.h"
#include "tests/models/convolutions.h"
#include "tests/support/catch.h"

namespace models = torchport::models;
using namespace torchport::models_test;

namespace {

Results winograd_results(const torch::nn::Conv2d& convolution, const at::Tensor& x, const at::Tensor& gradient,
                         models::WinogradProducts products = models::fastest_products()) {
  return results(convolution, x, gradient,
                 [&](const at::Tensor& input) { return models::winograd_convolution(convolution, input, products); });
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
  const auto products = GENERATE(models::fastest_products(), models::WinogradProducts::bmm);
  torch::manual_seed(3);
  auto layer = convolution(s.in, s.out);
  const at::Tensor x = noise({s.images, s.in, s.height, s.width}), gradient = noise({s.images, s.out, s.height, s.width});
  const Results wanted = direct_results(layer, x, gradient), found = winograd_results(layer, x, gradient, products);
  INFO((products == models::WinogradProducts::bmm ? "bmm, " : "blocks, ")
       << s.images << " x " << s.in << " -> " << s.out << " x " << s.height << " x " << s.width);
  CHECK(error(found.y, wanted.y) < 1e-5);
  CHECK(error(found.x_gradient, wanted.x_gradient) < 1e-5);
  CHECK(error(found.weight_gradient, wanted.weight_gradient) < 1e-5);
  CHECK(found.y.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(found.weight_gradient.strides() == layer->weight.strides());
}

TEST_CASE("winograd: the number of threads changes no bit of the values", "[winograd]") {
  torch::manual_seed(4);
  auto layer = convolution(32, 32);
  const at::Tensor x = noise({3, 32, 23, 30}), gradient = noise({3, 32, 23, 30});
  const int threads = at::get_num_threads();
  const Results first = winograd_results(layer, x, gradient);
  at::set_num_threads(threads == 1 ? 2 : 1);
  const Results second = winograd_results(layer, x, gradient);
  at::set_num_threads(threads);
  CHECK(at::equal(first.y, second.y));
  CHECK(at::equal(first.x_gradient, second.x_gradient));
}

TEST_CASE("winograd: gradients that are not wanted are not computed", "[winograd]") {
  auto layer = convolution(16, 16);
  const at::Tensor x = noise({2, 16, 8, 8});
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
  const at::Tensor x = noise({4, 32, 16, 16});
  CHECK(models::can_use_winograd(convolution(32, 32), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.contiguous()));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.to(at::kBFloat16)));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 24), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 1), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 3, 2), x));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32, 3, 1, 2), x));
  CHECK_FALSE(models::can_use_winograd(models::convolution(32, 32, 3), x));  // contiguous weights
  CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.slice(2, 0, 1).contiguous(at::MemoryFormat::ChannelsLast)));
  CHECK_FALSE(models::can_use_winograd(convolution(32, 528), x));  // 64 tiles for 528 channels
  {
    const models::UnfusedScope by_operation;
    CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x));
  }
  {
    const models::AutocastScope autocast(true);
    CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x));
    CHECK_FALSE(models::can_use_winograd(convolution(32, 32), x.to(at::kBFloat16)));
  }
  auto direct = convolution(32, 24);
  CHECK(at::equal(models::convolve(direct, x), direct->forward(x)));
}

TEST_CASE("winograd: a convolution of these networks goes through it, and its gradient is not differentiated again", "[winograd]") {
  auto layer = convolution(32, 32);
  const at::Tensor x = noise({4, 32, 16, 16}).requires_grad_(true);
  const at::Tensor y = models::convolve(layer, x);
  CHECK(y.grad_fn()->name() == "torchport::WinogradNode");
  CHECK_THROWS_AS(torch::autograd::grad({y.sum()}, {x}, {}, true, /*create_graph=*/true), std::logic_error);
}

TEST_CASE("winograd: LibTorch 2.11 has what multiplies block by block", "[winograd]") {
  CHECK(models::fastest_products() == models::WinogradProducts::blocks);
}

TEST_CASE("convolve: directly, if that is wanted", "[winograd]") {
  const at::NoGradGuard values_only;
  auto layer = convolution(32, 32);
  const at::Tensor x = noise({4, 32, 16, 16});
  models::use_convolution(models::convolution_named("direct"));
  CHECK(at::equal(models::convolve(layer, x), layer->forward(x)));
  models::use_convolution(models::convolution_named("winograd"));
  CHECK(at::equal(models::convolve(layer, x), models::winograd_convolution(layer, x)));
  CHECK_FALSE(at::equal(models::convolve(layer, x), layer->forward(x)));
}
