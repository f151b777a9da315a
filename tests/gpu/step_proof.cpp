// Updates on a GPU: float64 on the CPU judges, and what LibTorch's operations on the CPU lose in the same precision is the measure.
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

/// What updates come to.
struct Outcome {
  double loss = 0;                     ///< of the first update
  std::vector<at::Tensor> changes;     ///< that it made to momenta and parameters
  std::vector<at::Tensor> statistics;  ///< of the norms, after it
  double later_loss = 0;               ///< of the third
};

Outcome train(const StepPlan& plan, const component::Device& device) {
  constexpr double kRate = 1e-3;
  SyntheticTraining training(plan, device);
  Outcome outcome;
  const auto before = training.weights();
  outcome.loss = training.update(kRate).batches.at(0).loss;
  outcome.changes = changes(before, training.weights());
  outcome.statistics = training.statistics();
  training.update(kRate);
  outcome.later_loss = training.update(kRate).batches.at(0).loss;
  return outcome;
}

/// Relative distances from float64's.
struct Errors {
  double loss, last_layer, all, norms, later_loss;
};

constexpr std::pair<const char*, double Errors::*> kErrors[] = {{"loss", &Errors::loss},
                                                                {"change of the last layer", &Errors::last_layer},
                                                                {"change of all", &Errors::all},
                                                                {"norms' statistics", &Errors::norms},
                                                                {"third loss", &Errors::later_loss}};

Errors errors_of(const Outcome& found, const Outcome& exact) {
  constexpr std::ptrdiff_t kLastLayer = 2;  // its weight and bias are the last parameters
  const auto last = [](const Outcome& of) { return std::vector<at::Tensor>{of.changes.end() - kLastLayer, of.changes.end()}; };
  const auto apart = [](double a, double b) { return std::abs(a - b) / std::abs(b); };
  return {apart(found.loss, exact.loss), distance(last(found), last(exact)), distance(found.changes, exact.changes),
          distance(found.statistics, exact.statistics), apart(found.later_loss, exact.later_loss)};
}

/// How many times the CPU's own errors in the same precision the GPU's may be. cuDNN may choose Winograd's convolutions, which have
/// a digit less in float32; bfloat16's rounding of what goes from layer to layer is the same everywhere.
double times_of(Precision precision) { return precision == Precision::float32 ? 10 : 2; }
/// Of that size each error may be where the CPU's is less, by luck: a ReLU whose input is all but zero lets a gradient through or
/// not as roundings have it, and one such pixel moves all gradients before it by up to a hundredth.
Errors floors_of(Precision precision) {
  return precision == Precision::float32 ? Errors{1e-6, 1e-5, 2e-3, 1e-6, 1e-4} : Errors{2e-3, 1e-2, 0.1, 2e-3, 1e-2};
}

void compare(const std::string& variant) {
  models::use_convolution(models::Convolution::direct);
  const component::Device host, &device = test::gpu();  // before anything else asks LibTorch for CUDA
  const auto on_host = [&](const StepPlan& plan) {
    const models::UnfusedScope operation_by_operation;
    return train(plan, host);
  };
  const auto report = [&](const char* mode, Precision precision, const Errors& gpu, const Errors& cpu) {
    const Errors floor = floors_of(precision);
    for (const auto& [what, of] : kErrors) {
      const double bound = times_of(precision) * std::max(floor.*of, cpu.*of);
      std::printf("%s, %s, %s: %s %.2g off float64, the CPU's %.2g, bound %.2g\n", variant.c_str(),
                  component::name_of(precision).c_str(), mode, what, gpu.*of, cpu.*of, bound);
      INFO(what << " in mode " << mode);
      CHECK(gpu.*of <= bound);
    }
  };
  const Outcome exact = on_host({.variant = variant, .exact = true});
  for (const auto precision : {Precision::float32, Precision::bfloat16}) {
    const StepPlan plan{.variant = variant, .precision = precision};
    const Errors cpu = errors_of(on_host(plan), exact);
    for (const char* mode : {"eager", "fused"}) {
      const test::ModeScope scope(mode);
      report(mode, precision, errors_of(train(plan, device), exact), cpu);
    }
  }
}

}  // namespace

// Of a deep network's whole update in bfloat16 nothing is the same on any two ways, where its weights are random: there the last
// layer, the loss and the statistics speak.
TEST_CASE("gpu: ResNet-18's updates are as near to float64 as the CPU's", "[step]") { compare("resnet18"); }
TEST_CASE("gpu: ResNet-50's updates are as near to float64 as the CPU's", "[step]") { compare("resnet50"); }
TEST_CASE("gpu: DenseNet-121's updates are as near to float64 as the CPU's", "[step]") { compare("densenet121"); }

TEST_CASE("gpu: a gradient that is not finite leaves weights and momenta as they were, from then on", "[nan]") {
  const component::OwnStream stream(test::gpu());
  for (const bool graphs : {false, true}) {
    StepPlan plan{"resnet18", graphs ? Precision::bfloat16 : Precision::float32};
    plan.graphs = graphs;
    SyntheticTraining training(plan, test::gpu());
    for (int i = 0; i < component::CapturedStep::kEager + 1; ++i) training.update();
    CHECK((training.replays() > 0) == graphs);
    const auto before = training.weights();
    training.update();
    const auto between = training.weights();
    CHECK_FALSE(same_bits(before, between));
    const component::StepSums sums = training.update_over(0);
    CHECK(sums.stopped);
    CHECK_FALSE(sums.failed);
    CHECK(same_bits(training.weights(), between));
    training.update();  // which may be under way before the host knows
    CHECK(same_bits(training.weights(), between));
  }
}

namespace {

/// Two trainings from the same weights, one by replays.
void check_replays(const char* variant, Precision precision, const char* mode) {
  const test::ModeScope scope(mode);
  StepPlan plan{variant, precision, /*batch=*/4};
  SyntheticTraining eager(plan, test::gpu());
  plan.graphs = true;
  SyntheticTraining graph(plan, test::gpu());
  INFO(variant << ", " << component::name_of(precision) << ", " << mode);
  for (int i = 0; i < component::CapturedStep::kEager + 2; ++i)
    CHECK(eager.update().batches.at(0).loss == graph.update().batches.at(0).loss);
  CHECK(graph.replays() == 2);
  CHECK(same_bits(graph.weights(), eager.weights()));
  CHECK(same_bits(graph.statistics(), eager.statistics()));
}

}  // namespace

TEST_CASE("gpu: updates that a graph repeats are those without, bit for bit", "[graph]") {
  const component::OwnStream stream(test::gpu());
  at::globalContext().setDeterministicCuDNN(true);  // else two trainings without a graph differ
  for (const char* mode : {"eager", "fused"})
    for (const auto precision : {Precision::float32, Precision::bfloat16}) check_replays("resnet18", precision, mode);
  check_replays("resnet50", Precision::bfloat16, "fused");
  check_replays("densenet121", Precision::bfloat16, "fused");
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
