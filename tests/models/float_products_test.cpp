// Convolutions of bfloat16 by float32 products beside torch's direct one in float64, and when they are used.
#include "models/nn/cpu/float_products.h"

#include <fstream>
#include <sstream>

#include "models/nn/autocast.h"
#include "models/nn/cpu/cpu_bfloat16.h"
#include "models/nn/norm_activation.h"
#include "tests/models/convolutions.h"
#include "tests/support/catch.h"

namespace models = torchport::models;
using namespace torchport::models_test;

namespace {

// Half of the distance between neighbouring bfloat16 numbers, relative to the larger one: what rounding once may change.
constexpr double kRounding = 1.0 / 256;

// The share of values that are the wanted one, rounded once; a product in bfloat16 would cost many.
double same(const at::Tensor& found, const at::Tensor& wanted) {
  return (found == wanted.to(at::kBFloat16)).to(at::kDouble).mean().item<double>();
}

std::string cpuinfo() {
  std::stringstream text;
  text << std::ifstream("/proc/cpuinfo").rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("float products: values and both gradients are a direct convolution's, rounded once", "[float_products]") {
  struct Shape {
    std::int64_t in, out, kernel, stride, groups, size;
  };
  // The stem, with all images at once and one by one; a block's first layer; a projection; groups; a product at each pixel, in one
  // chunk and in several.
  const Shape s =
      GENERATE(Shape{3, 16, 7, 2, 1, 17}, Shape{3, 96, 7, 2, 1, 300}, Shape{16, 32, 3, 2, 1, 9}, Shape{16, 32, 1, 2, 1, 8},
               Shape{32, 32, 3, 1, 4, 7}, Shape{64, 48, 1, 1, 1, 7}, Shape{192, 320, 1, 1, 1, 40});
  torch::manual_seed(6);
  auto layer = convolution(s.in, s.out, s.kernel, s.stride, s.groups);
  const std::int64_t size = (s.size + s.stride - 1) / s.stride;
  const bool is_channels_last = GENERATE(true, false);
  at::Tensor x = noise({3, s.in, s.size, s.size}).to(at::kBFloat16), gradient = noise({3, s.out, size, size}).to(at::kBFloat16);
  if (!is_channels_last) {
    x = x.contiguous();
    gradient = gradient.contiguous();
  }
  const Results wanted = direct_results(layer, x, gradient);
  const models::AutocastScope autocast(c10::kCPU, true);
  const Results found =
      results(layer, x, gradient, [&](const at::Tensor& input) { return models::convolve_by_float_products(layer, input); });
  INFO(s.kernel << " x " << s.kernel << ", " << s.in << " -> " << s.out << ", channels-last " << is_channels_last);
  CHECK(found.y.scalar_type() == at::kBFloat16);
  CHECK(found.x_gradient.scalar_type() == at::kBFloat16);
  CHECK(found.weight_gradient.scalar_type() == at::kFloat);
  CHECK(error(found.y, wanted.y) < 1.01 * kRounding);
  CHECK(error(found.x_gradient, wanted.x_gradient) < 1.01 * kRounding);
  CHECK(same(found.y, wanted.y) > 0.99);
  CHECK(same(found.x_gradient, wanted.x_gradient) > 0.99);
  CHECK(error(found.weight_gradient, wanted.weight_gradient) < 1e-5);  // one in bfloat16 would have kRounding as well
  if (is_channels_last) CHECK(found.y.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(models::AutocastScope::enabled(c10::kCPU));
}

TEST_CASE("float products: gradients that nobody wants are not computed, and none is differentiated again", "[float_products]") {
  auto layer = convolution(16, 16, GENERATE(1, 5));
  const at::Tensor x = noise({2, 16, 8, 8}).to(at::kBFloat16);
  const at::Tensor y = models::convolve_by_float_products(layer, x);
  CHECK(y.grad_fn()->name() == "torchport::FloatProductsNode");
  y.sum().backward();
  CHECK(layer->weight.grad().defined());
  layer->weight.set_requires_grad(false);
  CHECK_FALSE(models::convolve_by_float_products(layer, x).requires_grad());
  const at::Tensor input = x.clone().requires_grad_(true);
  const at::Tensor sum = models::convolve_by_float_products(layer, input).sum();
  CHECK_THROWS_AS(torch::autograd::grad({sum}, {input}, {}, true, /*create_graph=*/true), std::logic_error);
}

TEST_CASE("float products: used where this CPU multiplies float32 faster", "[float_products]") {
  const std::string flags = cpuinfo();
  const auto has = [&](const char* flag) { return flags.find(flag) != std::string::npos; };
  const bool amx = has("amx_bf16"), avx512 = has("avx512_bf16"), hidden_amx = has("GenuineIntel") && has("avx512_fp16");
  CHECK(models::cpu_multiplies_bfloat16() == (amx || avx512));
  CHECK(models::cpu_multiplies_bfloat16_faster() == (amx || (avx512 && !hidden_amx)));

  auto layer = convolution(16, 24, 1);
  const at::Tensor x = noise({2, 16, 8, 8}), half = x.to(at::kBFloat16);
  CHECK_FALSE(models::wants_float_products(half));
  const models::AutocastScope autocast(c10::kCPU, true);
  CHECK(models::wants_float_products(half) == !models::cpu_multiplies_bfloat16_faster());
  CHECK_FALSE(models::wants_float_products(x));
  const at::Tensor y = models::convolve(layer, half);
  CHECK(y.scalar_type() == at::kBFloat16);
  CHECK((y.grad_fn()->name() == "torchport::FloatProductsNode") == models::wants_float_products(half));
  const models::UnfusedScope by_operation;
  CHECK_FALSE(models::wants_float_products(half));
}
