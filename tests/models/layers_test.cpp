// The functions that architectures are made of: convolutions, batch norm with ReLU, and checkpoints.
#include <torch/csrc/autograd/function_hook.h>
#include <torch/torch.h>

#include "models/nn/autocast.h"
#include "models/nn/convolution.h"
#include "models/nn/norm_activation.h"
#include "models/nn/recompute.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;

namespace {

at::Tensor leaf(at::IntArrayRef shape) { return torch::randn(shape, at::kDouble).requires_grad_(true); }

torch::nn::BatchNorm2d random_norm(std::int64_t channels) {
  auto norm = test::random_norm(channels);
  norm->to(at::kDouble);
  return norm;
}

}  // namespace

TEST_CASE("norm_relu: values and gradients are those of norm, addition and ReLU; its arguments stay as they were", "[layers]") {
  torch::manual_seed(1);
  const bool training = GENERATE(true, false), with_shortcut = GENERATE(true, false);
  const auto x = leaf({4, 3, 5, 5}), shortcut = with_shortcut ? leaf({4, 3, 5, 5}) : at::Tensor();
  auto norm = random_norm(3);
  norm->train(training);
  const auto x_before = x.detach().clone();
  const auto weight = torch::randn({4, 3, 5, 5}, at::kDouble);

  std::vector<at::Tensor> leaves = {x, norm->weight, norm->bias};
  if (with_shortcut) leaves.push_back(shortcut);
  auto y = at::batch_norm(x, norm->weight, norm->bias, training ? at::Tensor() : norm->running_mean,
                          training ? at::Tensor() : norm->running_var, training, 0.1, norm->options.eps(), false);
  if (with_shortcut) y = y + shortcut;
  const auto expected = at::relu(y);
  const auto expected_gradients = torch::autograd::grad({(expected * weight).sum()}, leaves);

  const auto result = models::norm_relu(norm, x, shortcut);
  const auto gradients = torch::autograd::grad({(result * weight).sum()}, leaves);
  CHECK(at::allclose(result, expected, 1e-12, 1e-12));
  for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(at::allclose(gradients[i], expected_gradients[i], 1e-12, 1e-12));
  CHECK(at::equal(x, x_before));
  CHECK(norm->num_batches_tracked.item<std::int64_t>() == (training ? 1 : 0));
}

TEST_CASE("checkpoint: gives the same values and gradients, and calls its function again in the backward pass", "[layers]") {
  torch::manual_seed(1);
  const auto a = leaf({4, 3}), b = leaf({4, 3}), weight = leaf({3, 2}), frozen = torch::randn({4, 3}, at::kDouble);
  int calls = 0;
  const auto function = [&](const std::vector<at::Tensor>& inputs) {
    ++calls;
    return at::mm(inputs[0] * inputs[1] + inputs[2], weight).tanh();
  };
  const std::vector<at::Tensor> leaves = {a, b, weight};
  const auto expected = function({a, b, frozen});
  const auto expected_gradients = torch::autograd::grad({expected.square().sum()}, leaves);

  calls = 0;
  const auto result = models::checkpoint(function, {a, b, frozen}, {weight});
  CHECK(calls == 1);
  CHECK(at::equal(result, expected));
  const auto loss = result.square().sum();
  loss.backward({}, /*retain_graph=*/true);
  CHECK(calls == 2);
  for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(at::equal(leaves[i].grad(), expected_gradients[i]));
  loss.backward();
  CHECK(calls == 3);
  for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(at::allclose(leaves[i].grad(), 2 * expected_gradients[i]));
  CHECK_THROWS_WITH(loss.backward(), Catch::Contains("second time"));
}

TEST_CASE("checkpoint: a parameter's gradient is accumulated once a backward pass, so gradient buckets fill once", "[layers]") {
  struct Counter final : torch::autograd::PostAccumulateGradHook {
    explicit Counter(int& count_) : count(count_) {}
    void operator()(const at::Tensor&) override { ++count; }
    int& count;
  };
  const auto a = leaf({4, 3}), weight = leaf({3, 2});
  int accumulated = 0;
  torch::autograd::impl::set_post_acc_grad_hooks(weight, std::make_unique<Counter>(accumulated));
  const auto function = [&](const std::vector<at::Tensor>& inputs) { return at::mm(inputs[0], weight); };
  models::checkpoint(function, {a}, {weight}).sum().backward();
  CHECK(accumulated == 1);
}

TEST_CASE("checkpoint: frozen inputs and parameters get no gradient, and without gradients nothing is kept", "[layers]") {
  const auto a = leaf({4, 3}), weight = torch::randn({3, 2}, at::kDouble);
  const auto function = [&](const std::vector<at::Tensor>& inputs) { return at::mm(inputs[0], weight); };
  models::checkpoint(function, {a}, {weight}).sum().backward();
  CHECK(at::allclose(a.grad(), weight.sum(1).expand({4, 3})));
  CHECK_FALSE(weight.grad().defined());
  CHECK_FALSE(models::checkpoint(function, {a.detach()}, {weight}).requires_grad());
  at::NoGradGuard no_gradients;
  CHECK_FALSE(models::checkpoint(function, {a}, {weight}).requires_grad());
}

TEST_CASE("checkpoint: what ran in bfloat16 runs in bfloat16 again", "[layers]") {
  torch::manual_seed(1);
  const auto x = torch::randn({2, 4, 5, 5}).requires_grad_(true), weight = torch::randn({4, 4, 3, 3}).requires_grad_(true);
  std::vector<at::ScalarType> types;
  const auto function = [&](const std::vector<at::Tensor>& inputs) {
    const auto y = at::conv2d(inputs[0], weight);
    types.push_back(y.scalar_type());
    return y;
  };
  at::Tensor loss;
  {
    const models::AutocastScope autocast(true);
    loss = models::checkpoint(function, {x}, {weight}).to(at::kFloat).square().sum();
  }
  CHECK_FALSE(models::AutocastScope::enabled());
  loss.backward();
  CHECK(types == std::vector<at::ScalarType>{at::kBFloat16, at::kBFloat16});
  CHECK_FALSE(models::AutocastScope::enabled());
}

TEST_CASE("autocast: weights that changed after a scope count in the next one", "[layers]") {
  const auto x = torch::ones({1, 1, 1, 1}), weight = torch::ones({1, 1, 1, 1}).requires_grad_(true);
  const auto convolved = [&] {
    const models::AutocastScope autocast(true);
    return at::conv2d(x, weight).item<float>();
  };
  CHECK(convolved() == 1.0F);
  {
    const at::NoGradGuard no_grad;
    weight.fill_(2.0F);
  }
  CHECK(convolved() == 2.0F);
}
