// The fused batch norm + ReLU (+ shortcut) beside the same operations one by one.
#include <torch/torch.h>

#include <optional>

#include "models/nn/classifier.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/dense_features.h"
#include "models/nn/norm_activation.h"
#include "models/nn/state_dict.h"
#include "tests/models/tensors.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using models_test::channels_last;
using torch::nn::BatchNorm2d;

namespace {

// The norm in float64, so that what is measured is the fused one's error alone.
BatchNorm2d in_float64(const BatchNorm2d& norm) {
  BatchNorm2d copy = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone());
  copy->to(at::kDouble);
  return copy;
}

struct Case {
  std::int64_t n, c, h, w;
  double mean;  // of x, against a standard deviation of about 1
};

// Everything that leaves the function: y, the gradients of x, weight, bias and the shortcut, the running statistics.
std::vector<at::Tensor> all_of(BatchNorm2d norm, const at::Tensor& x, const at::Tensor& shortcut, const at::Tensor& weight,
                               bool fused) {
  const at::Tensor input = x.clone().requires_grad_(true),
                   skip = shortcut.defined() ? shortcut.clone().requires_grad_(true) : shortcut;
  std::vector<at::Tensor> leaves = {input, norm->weight, norm->bias};
  if (skip.defined()) leaves.push_back(skip);
  const at::Tensor y = fused ? models::norm_relu(norm, input, skip) : models::unfused_norm_relu(norm, input, skip);
  auto result = torch::autograd::grad({(y * weight).sum()}, leaves);
  result.insert(result.begin(), y.detach());
  result.insert(result.end(), {norm->running_mean, norm->running_var, norm->num_batches_tracked});
  return result;
}

// Where ReLU's input is all but zero, a rounding decides whether the gradient passes: no gradient comes from there.
at::Tensor clear_of_zero(const BatchNorm2d& norm, const at::Tensor& x, const at::Tensor& shortcut, const at::Tensor& weight) {
  at::Tensor y = in_float64(norm)->forward(x.to(at::kDouble));
  if (shortcut.defined()) y = y + shortcut;
  return channels_last(weight * (y.abs() > 1e-3));
}

double error(const at::Tensor& found, const at::Tensor& wanted) { return models_test::error(found, wanted, 1e-3); }

}  // namespace

TEST_CASE("fused norm_relu: values, gradients and running statistics are those of torch's operations", "[fused]") {
  torch::manual_seed(1);
  const auto shape = GENERATE(Case{4, 64, 9, 7, 0}, Case{2, 3, 5, 5, 0}, Case{1, 37, 8, 1, 3}, Case{5, 130, 1, 1, 0},
                              Case{3, 1, 4, 6, 1}, Case{16, 64, 28, 28, 100});
  const bool training = GENERATE(true, false), with_shortcut = GENERATE(true, false);
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const std::vector<std::int64_t> sizes = {shape.n, shape.c, shape.h, shape.w};
  const auto random = [&](double mean) { return channels_last((torch::randn(sizes) + mean).to(type)); };
  const at::Tensor x = random(shape.mean), shortcut = with_shortcut ? random(0) : at::Tensor();
  auto norm = test::random_norm(shape.c);
  norm->train(training);
  const at::Tensor weight = clear_of_zero(norm, x, shortcut, random(0));
  REQUIRE(models::can_fuse(norm, x, shortcut));
  const auto to64 = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.to(at::kDouble) : tensor; };
  const auto expected = all_of(in_float64(norm), to64(x), to64(shortcut), to64(weight), false);
  const at::Tensor x_before = x.clone();
  const auto found = all_of(norm, x, shortcut, weight, true);
  REQUIRE(found.size() == expected.size());
  // bfloat16 keeps 8 bits: half a unit of the largest value is up to 2^-8 of it. With a mean of 100 standard deviations float32 has
  // lost two digits before the norm sees it.
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(i << " of " << at::IntArrayRef(sizes) << ", " << type << (training ? ", training" : "")
           << (with_shortcut ? ", shortcut" : ""));
    CHECK(found[i].sizes() == expected[i].sizes());
    CHECK(error(found[i], expected[i]) < (found[i].scalar_type() == at::kBFloat16 ? 6e-3 : shape.mean > 10 ? 1e-4 : 1e-5));
  }
  CHECK(found[0].scalar_type() == type);
  CHECK(found[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(at::equal(x, x_before));
}

TEST_CASE("fused norm_relu: frozen inputs, weights and shortcuts get no gradient, the others the same one", "[fused]") {
  torch::manual_seed(1);
  const bool training = GENERATE(true, false), for_x = GENERATE(true, false), for_weight = GENERATE(true, false),
             for_shortcut = GENERATE(true, false);
  const at::Tensor x = channels_last(torch::randn({3, 8, 5, 5})), shortcut = channels_last(torch::randn({3, 8, 5, 5}));
  const at::Tensor weight = channels_last(torch::randn({3, 8, 5, 5}));
  auto norm = test::random_norm(8);
  norm->weight.set_requires_grad(for_weight);
  norm->bias.set_requires_grad(for_weight);
  norm->train(training);
  const auto gradients = [&](bool fused) {
    const at::Tensor input = x.clone().requires_grad_(for_x), skip = shortcut.clone().requires_grad_(for_shortcut);
    const at::Tensor y = fused ? models::norm_relu(norm, input, skip) : models::unfused_norm_relu(norm, input, skip);
    norm->zero_grad();
    if (y.requires_grad()) (y * weight).sum().backward();
    return std::vector<at::Tensor>{input.grad(), norm->weight.grad().defined() ? norm->weight.grad().clone() : at::Tensor(),
                                   skip.grad()};
  };
  const auto expected = gradients(false), found = gradients(true);
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].defined() == expected[i].defined());
    if (found[i].defined()) CHECK(error(found[i], expected[i]) < 1e-5);
  }
}

TEST_CASE("fused norm_relu: a NaN goes on, so that a diverged training is noticed; other types and layouts take the plain path",
          "[fused]") {
  auto norm = test::random_norm(4);
  at::Tensor x = channels_last(torch::randn({2, 4, 3, 3}));
  CHECK_FALSE(models::can_fuse(norm, x.contiguous()));
  CHECK_FALSE(models::can_fuse(norm, x.to(at::kDouble)));
  CHECK_FALSE(models::can_fuse(norm, x.slice(2, 0, 1).slice(3, 0, 1).slice(0, 0, 1).contiguous()));
  CHECK_FALSE(models::can_fuse(norm, x, x.contiguous()));
  CHECK(at::equal(models::norm_relu(norm, x.contiguous()) > 0, models::norm_relu(norm, x) > 0));
  x[1][2][0][0] = NAN;
  norm->eval();
  CHECK(models::norm_relu(norm, x)[1][2][0][0].isnan().item<bool>());
  CHECK(models::norm_relu(norm, x.to(at::kBFloat16)).isnan().sum().item<int>() == 1);
  norm->train();
  CHECK(models::norm_relu(norm, x).select(1, 2).isnan().all().item<bool>());
}

TEST_CASE("fused norm_relu: a caller's gradient is not overwritten, and a second derivative is refused", "[fused]") {
  torch::manual_seed(1);
  auto norm = test::random_norm(4);
  const at::Tensor x = channels_last(torch::randn({2, 4, 3, 3})).requires_grad_(true),
                   skip = channels_last(torch::randn({2, 4, 3, 3})).requires_grad_(true);
  const at::Tensor gradient = channels_last(torch::randn({2, 4, 3, 3})), before = gradient.clone();
  const at::Tensor y = models::norm_relu(norm, x, skip);
  torch::autograd::grad({y}, {x, skip}, {gradient}, /*retain_graph=*/true);
  CHECK(at::equal(gradient, before));
  CHECK_THROWS_WITH(torch::autograd::grad({y}, {x}, {gradient}, true, /*create_graph=*/true),
                    Catch::Contains("differentiated again"));
}

TEST_CASE("fused norm_relu: the number of threads changes no bit", "[fused]") {
  torch::manual_seed(1);
  const at::Tensor x = channels_last(torch::randn({16, 96, 28, 28})), weight = channels_last(torch::randn({16, 96, 28, 28}));
  const auto norm = test::random_norm(96);
  const int threads = at::get_num_threads();
  const auto with = [&](int count) {
    at::set_num_threads(count);
    return all_of(std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone()), x, {}, weight, true);
  };
  const auto one = with(1), three = with(3);
  at::set_num_threads(threads);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(at::equal(one[i], three[i]));
}

TEST_CASE("fused stem: norm, ReLU and max-pool give the values and gradients of torch's operations", "[fused]") {
  torch::manual_seed(1);
  const auto shape = GENERATE(Case{2, 64, 12, 12, 0}, Case{3, 5, 7, 9, 0}, Case{8, 3, 1, 1, 0}, Case{1, 33, 2, 5, 0});
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool training = GENERATE(true, false);
  const at::Tensor x = channels_last(torch::randn({shape.n, shape.c, shape.h, shape.w}).to(type));
  auto norm = test::random_norm(shape.c), reference = in_float64(norm);
  norm->train(training);
  reference->train(training);
  const at::Tensor input = x.clone().requires_grad_(true), input64 = x.to(at::kDouble).requires_grad_(true);
  const at::Tensor found = models::norm_relu_max_pool(norm, input), expected = models::norm_relu_max_pool(reference, input64);
  REQUIRE(found.sizes() == expected.sizes());
  const at::Tensor weight = channels_last(torch::randn(found.sizes()).to(type) * (expected.detach() != 0));
  const auto gradients = torch::autograd::grad({(found * weight).sum()}, {input, norm->weight, norm->bias});
  const auto wanted =
      torch::autograd::grad({(expected * weight.to(at::kDouble)).sum()}, {input64, reference->weight, reference->bias});
  CHECK(error(found.detach(), expected.detach()) < (type == at::kFloat ? 1e-5 : 6e-3));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO(i << ", " << type << ", " << shape.h << " x " << shape.w);
    CHECK(error(gradients[i], wanted[i]) < (type == at::kFloat ? 1e-5 : 8e-3));  // overlapping windows are summed, then rounded
  }
  CHECK(error(norm->running_var, reference->running_var) < 1e-6);
  norm->eval();
  const at::Tensor broken = x.clone();
  broken[0][0][0][0] = NAN;
  CHECK(models::norm_relu_max_pool(norm, broken)[0][0][0][0].isnan().item<bool>());
}

TEST_CASE("fused dense block: values and gradients are those of concatenations, statistics of a channel are every norm's",
          "[fused]") {
  torch::manual_seed(1);
  const bool frozen_start = GENERATE(true, false), training = GENERATE(true, false);
  const at::Tensor x = channels_last(torch::randn({3, 6, 5, 4})), second = torch::randn({4, 6, 1, 1}),
                   third = torch::randn({4, 10, 1, 1});
  std::vector<BatchNorm2d> norms = {test::random_norm(6), test::random_norm(10), test::random_norm(14)};
  for (auto& norm : norms) norm->train(training);
  const auto run = [&](bool fused) {
    std::vector<BatchNorm2d> own;
    for (const auto& norm : norms) own.push_back(std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone()));
    std::optional<models::UnfusedScope> by_operation;
    if (!fused) by_operation.emplace();
    const at::Tensor input = x.clone().requires_grad_(!frozen_start), w2 = second.clone().requires_grad_(true),
                     w3 = third.clone().requires_grad_(true);
    models::DenseFeatures features(input, 14, /*one_buffer=*/true);
    CHECK(features.list().empty() == fused);
    features.append(at::conv2d(features.norm_relu(own[0]), w2));
    features.append(at::conv2d(features.norm_relu(own[1]), w3));
    const at::Tensor y = features.norm_relu(own[2]);
    y.square().sum().backward();
    std::vector<at::Tensor> all = {y.detach(), w2.grad(), w3.grad()};
    if (!frozen_start) all.push_back(input.grad());
    for (auto& norm : own) all.insert(all.end(), {norm->weight.grad(), norm->bias.grad(), norm->running_mean, norm->running_var});
    return all;
  };
  const auto expected = run(false), found = run(true);
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(i);
    CHECK(error(found[i], expected[i]) < 2e-5);
  }
}

// Roundings flip ReLUs whose input is all but zero, and networks magnify that: even operation by operation float32 gradients are
// off by a percent. So both are held against float64, which is never fused, and the fused one may not be much further off.
TEST_CASE("fused networks: a training step in channels-last is as near to float64 as the same step operation by operation",
          "[fused]") {
  const std::string name = GENERATE("resnet18", "resnet50", "densenet121");
  models::ModelSpec spec = test::model_spec(name);
  const bool memory_efficient = GENERATE(false, true);
  spec.parameters["memory_efficient"] = memory_efficient;
  if (memory_efficient && name != "densenet121") return;
  torch::manual_seed(2);
  const at::Tensor images = channels_last(torch::randn({4, 3, 96, 96}));
  const bool frozen = GENERATE(false, true);
  const auto run = [&](bool fused, at::ScalarType type) {
    const auto network = models::make_classifier(spec, 3, 1);
    models::use_channels_last(*network);
    network->to(type);
    if (frozen)
      models::freeze_all_but(
          *network, {name.starts_with("res") ? "layer4" : "features.denseblock4", name.starts_with("res") ? "fc" : "classifier"});
    network->train();
    std::optional<models::UnfusedScope> by_operation;
    if (!fused) by_operation.emplace();
    at::cross_entropy_loss(network->forward(images.to(type)), at::arange(4, at::kLong).remainder(3)).backward();
    return network;
  };
  const auto exact = run(false, at::kDouble), unfused = run(false, at::kFloat), fused = run(true, at::kFloat);
  const auto wanted = models::state_dict(*exact), plain = models::state_dict(*unfused), got = models::state_dict(*fused);
  double fused_error = 0, plain_error = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO(name << ": " << got[i].first << (frozen ? ", frozen" : ""));
    CHECK(error(got[i].second.detach(), wanted[i].second.detach()) < 1e-4);
    REQUIRE(got[i].second.grad().defined() == wanted[i].second.grad().defined());
    if (!got[i].second.grad().defined()) continue;
    const at::Tensor truth = wanted[i].second.grad(), scale = truth.norm() + 1e-9;
    fused_error += ((got[i].second.grad().to(at::kDouble) - truth).norm() / scale).item<double>();
    plain_error += ((plain[i].second.grad().to(at::kDouble) - truth).norm() / scale).item<double>();
    size += 1;
  }
  INFO(name << (frozen ? ", frozen: " : ": ") << "mean relative error " << fused_error / size << ", unfused "
            << plain_error / size);
  CHECK(fused_error < 2 * plain_error + 5e-3 * size);  // a ReLU or two that flip here and not there
}
