// Updates on a GPU beside the CPU's.
#include <torch/torch.h>

#include <cstdio>

#include "models/nn/convolution.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/modes.h"
#include "tests/gpu/training.h"
#include "tests/support/catch.h"

using namespace torchport;
using component::Precision;
using test::StepPlan;
using test::SyntheticTraining;

namespace {

/// |a - b| / |b| in the 2-norm, over all tensors.
double distance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  REQUIRE(a.size() == b.size());
  double apart = 0, whole = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const at::Tensor x = a[i].to(at::kDouble), y = b[i].to(at::kDouble);
    apart += (x - y).square().sum().item<double>();
    whole += y.square().sum().item<double>();
  }
  return std::sqrt(apart / whole);
}

std::vector<at::Tensor> changes(const std::vector<at::Tensor>& before, const std::vector<at::Tensor>& after) {
  std::vector<at::Tensor> all;
  for (std::size_t i = 0; i < before.size(); ++i) all.push_back(after[i].to(at::kDouble) - before[i].to(at::kDouble));
  return all;
}

bool same_bits(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return at::equal(x, y); });
}

/// Relative distances: of the first loss, of what the first update changes in the last layer and in all (which small differences change
/// much in a network of random weights: two ways of the CPU's are 0.004 to 0.03 apart in float32), and of the loss after three updates.
struct Bounds {
  double loss, last_layer, all, later_loss;
};

void compare(const StepPlan& plan, const std::string& mode, const Bounds& bounds) {
  constexpr double kRate = 1e-3;
  constexpr std::ptrdiff_t kLastLayer = 2;  // its weight and bias are the last parameters
  const component::Device host, &device = test::gpu();  // before anything else asks LibTorch for CUDA
  SyntheticTraining wanted(plan, host), found(plan, device);
  const auto on_host = [&] {
    const models::UnfusedScope operation_by_operation;
    return wanted.update(kRate).batches.at(0).loss;
  };
  const auto on_device = [&] {
    const test::ModeScope scope(mode);
    return found.update(kRate).batches.at(0).loss;
  };
  const auto loss_apart = [&] {
    const double loss = on_host();
    return std::abs(on_device() - loss) / std::abs(loss);
  };
  const auto before = wanted.weights(), statistics = wanted.statistics();
  REQUIRE(same_bits(found.weights(), before));
  const double loss = loss_apart();
  const auto changed = changes(before, found.weights()), should = changes(before, wanted.weights());
  const double last_layer = distance({changed.end() - kLastLayer, changed.end()}, {should.end() - kLastLayer, should.end()});
  const double all = distance(changed, should), of_norms = distance(found.statistics(), wanted.statistics());
  loss_apart();
  const double later_loss = loss_apart();
  std::printf("%s, %s, %s: loss %.2g (bound %.2g), last layer %.2g (%.2g), all %.2g (%.2g), norms %.2g (%.2g), third loss %.2g (%.2g)\n",
              plan.variant.c_str(), component::name_of(plan.precision).c_str(), mode.c_str(), loss, bounds.loss, last_layer,
              bounds.last_layer, all, bounds.all, of_norms, bounds.last_layer, later_loss, bounds.later_loss);
  CHECK(loss <= bounds.loss);
  CHECK(last_layer <= bounds.last_layer);
  CHECK(all <= bounds.all);
  CHECK(of_norms <= bounds.last_layer);
  CHECK(later_loss <= bounds.later_loss);
}

void compare_all(Precision precision, const Bounds& bounds) {
  models::use_convolution(models::Convolution::direct);
  for (const char* variant : {"resnet18", "resnet50", "densenet121"})
    for (const char* mode : {"eager", "fused"}) compare({variant, precision}, mode, bounds);
}

}  // namespace

TEST_CASE("gpu: updates in strict float32 are the CPU's within rounding", "[step]") {
  compare_all(Precision::float32, {1e-5, 1e-3, 0.05, 1e-2});
}

// Of a deep network's update in bfloat16 little more than the last layer is the same on any two ways.
TEST_CASE("gpu: updates in bfloat16 are the CPU's within bfloat16's rounding", "[step]") {
  compare_all(Precision::bfloat16, {2e-2, 0.1, 1.5, 5e-2});
}

TEST_CASE("gpu: a gradient that is not finite leaves weights and momenta as they were, from then on", "[nan]") {
  const component::OwnStream stream(test::gpu());
  for (const bool graphs : {false, true}) {
    StepPlan plan{"resnet18", Precision::bfloat16};
    plan.graphs = graphs;
    SyntheticTraining training(plan, test::gpu());
    for (int i = 0; i < component::CapturedStep::kEager + 2; ++i) training.update();
    CHECK((training.replays() > 0) == graphs);
    const auto before = training.weights();
    training.update();
    const auto between = training.weights();
    CHECK_FALSE(same_bits(between, before));
    const auto sums = training.update_over(0);
    CHECK(sums.stopped);
    CHECK_FALSE(sums.failed);
    CHECK(same_bits(training.weights(), between));
    training.update();  // which may be under way before the host knows
    CHECK(same_bits(training.weights(), between));
  }
}

TEST_CASE("gpu: updates that a graph repeats are those without, bit for bit", "[graph]") {
  const component::OwnStream stream(test::gpu());
  at::globalContext().setDeterministicCuDNN(true);
  for (const char* variant : {"resnet18", "resnet50", "densenet121"}) {
    for (const auto precision : {Precision::float32, Precision::bfloat16}) {
      for (const char* mode : {"eager", "fused"}) {
        const test::ModeScope scope(mode);
        StepPlan plan{variant, precision};
        SyntheticTraining eager(plan, test::gpu());
        plan.graphs = true;
        SyntheticTraining graph(plan, test::gpu());
        bool same_losses = true;
        for (int i = 0; i < component::CapturedStep::kEager + 4; ++i)
          same_losses = same_losses && eager.update().batches.at(0).loss == graph.update().batches.at(0).loss;
        INFO(variant << ", " << component::name_of(precision) << ", " << mode);
        CHECK(same_losses);
        CHECK(graph.replays() >= 3);
        CHECK(same_bits(graph.weights(), eager.weights()));
        CHECK(same_bits(graph.statistics(), eager.statistics()));
      }
    }
  }
  at::globalContext().setDeterministicCuDNN(false);
}

TEST_CASE("gpu: float32 is not TF32, neither in products nor in convolutions", "[strict]") {
  const auto where = test::gpu().where();
  at::manual_seed(3);
  const at::Tensor a = at::randn({256, 512}), b = at::randn({512, 128});
  const at::Tensor x = at::randn({4, 64, 14, 14}), w = at::randn({32, 64, 3, 3});
  const auto on = [&](const at::Tensor& tensor) { return tensor.to(where); };
  const auto error = [](const at::Tensor& found, const at::Tensor& exact) {
    return ((found.cpu().to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
  };
  const double product = error(at::matmul(on(a), on(b)), at::matmul(a.to(at::kDouble), b.to(at::kDouble)));
  const double convolution = error(at::conv2d(on(x), on(w)), at::conv2d(x.to(at::kDouble), w.to(at::kDouble)));
  std::printf("relative error of a product %.2g, of a convolution %.2g; TF32 has about 3e-4\n", product, convolution);
  CHECK(product < 3e-6);
  CHECK(convolution < 3e-6);
}
