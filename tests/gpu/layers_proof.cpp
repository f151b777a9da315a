// Norms and inputs on a GPU, whichever way they are computed there: float64 on the CPU judges, and what LibTorch's operations on
// the CPU lose in the same precision is the measure.
#include <torch/torch.h>

#include "component/training/network_input.h"
#include "models/nn/norm_activation.h"
#include "tests/gpu/gpu.h"
#include "tests/support/catch.h"

using namespace torchport;
using torch::nn::BatchNorm2d;

namespace {

enum class Kind { relu, shortcut, plain, pool };

struct Shape {
  std::int64_t n, c, h, w;
};

at::Tensor apply(Kind kind, BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut) {
  switch (kind) {
    case Kind::relu:
      return models::norm_relu(norm, x);
    case Kind::shortcut:
      return models::norm_relu(norm, x, shortcut);
    case Kind::plain:
      return models::norm_only(norm, x);
    case Kind::pool:
      return models::norm_relu_max_pool(norm, x);
  }
  throw std::logic_error("a kind of norm");
}

/// What comes of it, forward and backward: y, the gradients of x, weight, bias and shortcut, and the running statistics.
std::vector<at::Tensor> results(Kind kind, const Shape& shape, at::ScalarType type, at::Device where) {
  at::manual_seed(5);
  const auto leaf = [&](double scale, double offset) {
    const at::Tensor exact =
        (at::randn({shape.n, shape.c, shape.h, shape.w}) * scale + offset).to(at::kBFloat16);  // the same for all types
    return exact.to(type).to(where).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true);
  };
  BatchNorm2d norm(shape.c);
  {
    const at::NoGradGuard values_only;
    norm->weight.uniform_(0.5, 1.5);
    norm->bias.normal_();
  }
  norm->to(where);
  if (type == at::kDouble) norm->to(at::kDouble);
  const at::Tensor x = leaf(2, 3), shortcut = leaf(1, 0);
  const at::Tensor y = apply(kind, norm, x, shortcut);
  const at::Tensor g = at::randn(y.sizes()).to(at::kBFloat16).to(type).to(where).contiguous(at::MemoryFormat::ChannelsLast);
  y.backward(g);
  std::vector<at::Tensor> all = {y, x.grad(), norm->weight.grad(), norm->bias.grad(), norm->running_mean, norm->running_var};
  if (kind == Kind::shortcut) all.push_back(shortcut.grad());
  for (at::Tensor& tensor : all) tensor = tensor.detach().cpu().to(at::kDouble);
  return all;
}

double error(const at::Tensor& found, const at::Tensor& exact) {
  REQUIRE(found.sizes() == exact.sizes());
  REQUIRE(at::isfinite(found).all().item<bool>());
  return ((found - exact).norm() / exact.norm()).item<double>();
}

/// No error may be more than this many times the CPU's, or than this many roundings where the CPU is nearer by luck.
constexpr double kTimes = 2;
constexpr double kRoundings32 = 3e-7, kRoundings16 = 1e-3;
constexpr std::size_t kFirstFloat32 = 2, kLastFloat32 = 5;  ///< of results(): float32 whatever the maps are

void check(Kind kind, const Shape& shape, at::ScalarType type) {
  const auto found = results(kind, shape, type, test::gpu().where());
  const models::UnfusedScope operation_by_operation;
  const auto cpu = results(kind, shape, type, at::kCPU), exact = results(kind, shape, at::kDouble, at::kCPU);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const bool rounded = type == at::kBFloat16 && (i < kFirstFloat32 || i > kLastFloat32);
    INFO("result " << i << " of kind " << static_cast<int>(kind) << ", " << shape.n << " x " << shape.c << " x " << shape.h << " x "
                   << shape.w << ", " << type << "; the CPU's error is " << error(cpu[i], exact[i]));
    CHECK(error(found[i], exact[i]) <= kTimes * std::max(rounded ? kRoundings16 : kRoundings32, error(cpu[i], exact[i])));
  }
}

}  // namespace

TEST_CASE("gpu: norms agree with float64, forward and backward, for all counts of channels", "[norms][small]") {
  const Shape shapes[] = {{2, 8, 7, 5}, {3, 24, 9, 9}, {4, 64, 8, 8}, {2, 1000, 3, 3}, {5, 2048, 2, 3}, {7, 128, 13, 11}};
  for (const Shape& shape : shapes) {
    for (const Kind kind : {Kind::relu, Kind::shortcut, Kind::plain, Kind::pool}) {
      check(kind, shape, at::kFloat);
      check(kind, shape, at::kBFloat16);
    }
  }
}

TEST_CASE("gpu: images are normalised to the host's bits", "[input][small]") {
  const component::Device host, &gpu = test::gpu();
  const at::Tensor bytes = at::arange(3 * 17 * 19 * 3).remainder(256).to(at::kByte).view({3, 17, 19, 3});
  for (const auto precision : {component::Precision::float32, component::Precision::bfloat16}) {
    const auto normalised = [&](const component::Device& device) {
      const component::NetworkInput input({{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}, true, precision, device);
      const at::Tensor there = device.bring(device.host_empty(bytes.sizes(), at::kByte).copy_(bytes));
      return input(there.permute({0, 3, 1, 2})).cpu();
    };
    CHECK(at::equal(normalised(gpu), normalised(host)));
  }
}
