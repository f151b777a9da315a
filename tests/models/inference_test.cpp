// Networks in an InferenceScope: batch norms folded into convolutions, beside the same without.
#include "models/nn/inference.h"

#include <torch/torch.h>
#include <torch/version.h>

#include <map>

#include "models/nn/autocast.h"
#include "models/nn/classifier.h"
#include "tests/models/convolutions.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using namespace torchport::models_test;

namespace {

// A network of which no norm is neutral, in evaluation mode.
models::Classifier trained(const std::string& variant) {
  auto network = models::make_classifier(test::model_spec(variant), 5, /*seed=*/1);
  for (const auto& module : network->modules(/*include_self=*/false)) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) test::randomise(*norm, 0.1);
  }
  models::use_channels_last(*network);
  network->eval();
  return network;
}

}  // namespace

TEST_CASE("inference: LibTorch 2.11 has the fused convolutions that are known", "[inference]") {
  if (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR == 11) CHECK(models::has_fused_convolutions());
}

TEST_CASE("inference: a folded convolution gives what convolution, norm, shortcut and ReLU give", "[inference]") {
  struct Shape {
    std::int64_t images, in, out, kernel, stride, groups, size;
  };
  const Shape s = GENERATE(Shape{2, 64, 128, 1, 1, 1, 9}, Shape{3, 32, 64, 3, 2, 1, 11}, Shape{2, 3, 64, 7, 2, 1, 33},
                           Shape{2, 64, 64, 3, 1, 32, 8}, Shape{1, 37, 19, 3, 1, 1, 5}, Shape{2, 24, 40, 1, 2, 1, 7});
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool with_norm = GENERATE(true, false), relu = GENERATE(true, false), with_shortcut = GENERATE(true, false);
  const bool fuse = GENERATE(true, false);
  if (fuse && !models::has_fused_convolutions()) return test::skip("this LibTorch has no fused convolutions that are known");
  torch::manual_seed(2);
  const at::NoGradGuard values_only;
  auto layer = convolution(s.in, s.out, s.kernel, s.stride, s.groups);
  auto norm = test::random_norm(s.out);
  norm->eval();
  const at::Tensor x = noise({s.images, s.in, s.size, s.size}).to(type);
  const at::Tensor exact = at::conv2d(x.to(at::kDouble), layer->weight.to(at::kDouble), {}, s.stride, s.kernel / 2, 1, s.groups);
  const at::Tensor shortcut = with_shortcut ? noise(exact.sizes()).to(type) : at::Tensor();
  at::Tensor wanted = exact;
  if (with_norm) {
    const auto column = [](const at::Tensor& values) { return values.to(at::kDouble).view({-1, 1, 1}); };
    wanted =
        (wanted - column(norm->running_mean)) / (column(norm->running_var) + norm->options.eps()).sqrt() * column(norm->weight) +
        column(norm->bias);
  }
  if (with_shortcut) wanted = wanted + shortcut;
  if (relu) wanted = wanted.relu();

  const models::FoldedConvolution folded(*layer, with_norm ? norm.get() : nullptr, x, fuse);
  const at::Tensor found = folded(x, {.relu = relu, .shortcut = with_shortcut ? shortcut.clone() : shortcut});
  INFO(s.in << " -> " << s.out << ", " << s.kernel << " x " << s.kernel << ", fused: " << fuse);
  CHECK(found.scalar_type() == type);
  CHECK(found.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(error(found, wanted) <
        (type == at::kFloat ? 2e-6 : 0.015));  // bfloat16 rounds the weights, the result and, in steps, each step
}

TEST_CASE("inference: networks give the same in a scope, batch after batch of any size", "[inference]") {
  const std::string variant = GENERATE("resnet18", "resnext50_32x4d", "densenet121");
  auto network = trained(variant);
  const at::NoGradGuard values_only;
  const models::InferenceScope scope;
  for (const std::int64_t images : {4, 1, 3}) {
    const at::Tensor x = noise({images, 3, 64, 96});
    const at::Tensor folded = network->forward(x);
    const at::Tensor plain = [&] {
      const at::AutoGradMode gradients(true);  // with gradients nothing is folded
      return network->forward(x).detach();
    }();
    INFO(variant << ", " << images << " images");
    CHECK(error(folded, plain) < 1e-5);
    CHECK(!at::equal(folded, plain));  // so that something was folded
  }
}

TEST_CASE("inference: in bfloat16 too", "[inference]") {
  auto network = trained(GENERATE("resnet18", "densenet121"));
  const at::NoGradGuard values_only;
  const at::Tensor x = noise({4, 3, 64, 64});
  const at::Tensor exact = network->forward(x);
  const models::InferenceScope scope;
  const models::AutocastScope autocast(c10::kCPU, true);
  const at::Tensor folded = network->forward(x.to(at::kBFloat16));
  CHECK(folded.scalar_type() == at::kBFloat16);
  CHECK(error(folded, exact) < 0.05);
}

TEST_CASE("inference: what may still change is not folded", "[inference]") {
  auto network = trained("resnet18");
  const at::NoGradGuard values_only;
  const at::Tensor x = noise({4, 3, 64, 64}), contiguous = x.contiguous();
  const auto both = [&](const at::Tensor& images) {
    const at::Tensor outside = network->forward(images);
    const models::InferenceScope scope;
    return std::pair(outside, network->forward(images));
  };
  SECTION("a network in training") {
    network->train();
    std::map<std::string, at::Tensor> before;
    for (const auto& buffer : network->named_buffers()) before[buffer.key()] = buffer.value().clone();
    const at::Tensor outside = network->forward(x);
    for (const auto& buffer : network->named_buffers()) buffer.value().copy_(before.at(buffer.key()));
    const models::InferenceScope scope;
    CHECK(at::equal(network->forward(x), outside));
  }
  SECTION("weights that changed between two scopes") {
    const auto [outside, first] = both(x);
    network->parameters().front().mul_(2);
    const auto [changed, second] = both(x);
    CHECK(error(second, changed) < 1e-5);
    CHECK(!at::equal(first, second));
  }
  SECTION("images in another layout") {
    auto plain = models::make_classifier(test::model_spec("resnet18"), 5, /*seed=*/1);
    plain->eval();
    const at::Tensor outside = plain->forward(contiguous);
    const models::InferenceScope scope;
    CHECK(at::equal(plain->forward(contiguous), outside));
  }
}
